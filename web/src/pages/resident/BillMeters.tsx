import { useTranslation } from 'react-i18next'
import type { BillPart, CompanyBill } from '../../api/types'
import { exactText, MISSING, unitText } from '../../design/format'

/** Where the meter was exchanged: each one's number, its registers and what it counted, and the sum that is billed. */
export function BillMeters({ part }: { part: BillPart | CompanyBill }) {
  const { t } = useTranslation()
  const quantity = (value: string | null) => (value === null ? MISSING : `${exactText(value)} ${unitText(part.unit)}`)
  return (
    <div className="scroll-x bill-meters" tabIndex={0} role="region" aria-label={t('bill.exchanged')}>
      <table className="plain-table">
        <thead><tr><th scope="col">{t('bill.exchanged')}</th><th scope="col" className="right">{t('bill.previous_register')}</th><th scope="col" className="right">{t('bill.present_register')}</th><th scope="col" className="right">{t('bill.counted')}</th></tr></thead>
        <tbody>
          {part.meters.map((meter) => (
            <tr key={meter.meter_number}>
              <td>{meter.meter_number}<div className="muted">{meter.to ? t('bill.taken_out', { date: meter.to }) : t('bill.put_in', { date: meter.since })}</div></td>
              <td className="right nowrap">{exactText(meter.start)}</td>
              <td className="right nowrap">{exactText(meter.end)}</td>
              <td className="right nowrap">{quantity(meter.quantity)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot><tr><td colSpan={3}>{t('bill.quantity')}</td><td className="right nowrap">{quantity(part.quantity)}</td></tr></tfoot>
      </table>
    </div>
  )
}
