import { useTranslation } from 'react-i18next'
import type { BillPart, CompanyBill } from '../../api/types'
import { exactText, MISSING, unitText } from '../../design/format'

/** Where the meter was exchanged: each one's number, its registers and what it counted, and the sum that is billed. */
export function BillMeters({ part }: { part: BillPart | CompanyBill }) {
  const { t } = useTranslation()
  const counted = part.meters.map(({ quantity }) => quantity)
  const unit = unitText(part.unit)
  return (
    <div role="group" aria-label={t('bill.exchanged')} className="bill-meters">
      {part.meters.map((meter) => (
        <dl key={meter.meter_number}>
          <div><dt>{meter.to ? t('bill.taken_out', { date: meter.to }) : t('bill.put_in', { date: meter.since })}</dt><dd>{meter.meter_number}</dd></div>
          <div><dt>{t('bill.previous_register')}</dt><dd>{exactText(meter.start)}</dd></div>
          <div><dt>{t('bill.present_register')}</dt><dd>{exactText(meter.end)}</dd></div>
          <div><dt>{t('bill.counted')}</dt><dd>{meter.quantity === null ? MISSING : `${exactText(meter.quantity)} ${unit}`}</dd></div>
        </dl>
      ))}
      {counted.every((one) => one !== null) && <p className="muted">{counted.map(exactText).join(' + ')} = {exactText(part.quantity)} {unit}</p>}
    </div>
  )
}
