import { useTranslation } from 'react-i18next'
import type { BillPart, CombinedBill, MonthTotal } from '../../api/types'
import { COLOURS, exactText, instantText, moneyText, MISSING, unitText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { EstimatedNote } from '../../design/NumberWithUnit'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { BillMeters } from './BillMeters'

/** One company's part: account and meter number, previous and present register, quantity and amount. */
export function BillPartCard({ part, bill }: { part: BillPart; bill: CombinedBill }) {
  const { t } = useTranslation()
  const pick = usePick()
  const exchanged = part.meters.length > 0
  const reading = part.is_estimated ? <EstimatedNote share={part.estimated_share} /> : <StateTag tone="good">{t('quality.measured')}</StateTag>
  return (
    <section className="bill-part" style={{ borderLeftColor: COLOURS[part.service] }} aria-label={t(`service.${part.service}`)}>
      <div className="between">
        <strong className="row"><MediumTag service={part.service} size={20} /> <span className="muted">{pick(part.company_name)}</span></strong>
        <span className="row">
          <Delta part={part} earlier={bill.last_month} words="bill.than_last_month" />
          <Delta part={part} earlier={bill.last_year} words="bill.than_last_year" />
          <Money fen={part.amount_fen} strong />
        </span>
      </div>
      <dl className="facts">
        <div><dt>{t('bill.account_number')}</dt><dd>{part.account_number}</dd></div>
        <div><dt>{t('bill.meter_number')}</dt><dd>{part.meter_number}</dd></div>
        {!exchanged && <div><dt>{t('bill.previous_register')}</dt><dd>{exactText(part.register_start)}<Taken at={part.register_start_at} /></dd></div>}
        {!exchanged && <div><dt>{t('bill.present_register')}</dt><dd>{exactText(part.register_end)}<Taken at={part.register_end_at} />{reading}</dd></div>}
        <div><dt>{t('bill.quantity')}</dt><dd><span>{exactText(part.quantity)} {unitText(part.unit)}</span>{Number(part.multiplier) !== 1 && <span className="muted">×{part.multiplier}</span>}{exchanged && reading}</dd></div>
        <div><dt>{t('bill.tariff')}</dt><dd>{pick(part.tariff)}</dd></div>
      </dl>
      {exchanged && <BillMeters part={part} />}
    </section>
  )
}

function Taken({ at }: { at: string | null }) {
  return at ? <span className="muted" style={{ fontSize: '0.8rem', fontWeight: 400 }}>{instantText(at)}</span> : null
}

function Delta({ part, earlier, words }: { part: BillPart; earlier: MonthTotal | null; words: 'bill.than_last_month' | 'bill.than_last_year' }) {
  const { t } = useTranslation()
  const then = earlier?.parts.find(({ service }) => service === part.service)
  return <span className="delta">{t(words, { change: then ? moneyText(part.amount_fen - then.amount_fen, true) : MISSING })}</span>
}
