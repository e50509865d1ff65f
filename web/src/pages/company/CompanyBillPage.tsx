import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { companyBillQuery } from '../../api/queries'
import type { CompanyBill } from '../../api/types'
import { exactText, instantText, MISSING, unitText } from '../../design/format'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { BillMeters } from '../resident/BillMeters'
import { BillStateTag } from '../resident/BillStateTag'

/** One company bill: reads, lines to the last digit, payments, and what it was computed from. */
export function CompanyBillPage() {
  const { t } = useTranslation()
  const { system, number } = useParams({ strict: false })
  const query = useQuery(companyBillQuery(system!, number!))
  return (
    <PageFrame title={t('company.bill', { number: number! })} before={<Link to="/company/$system/bills" params={{ system: system! }}>‹ {t('nav.company_bills')}</Link>}>
      <StateView query={query} height={480}>{(bill) => <><Head bill={bill} /><Lines bill={bill} /><Rest bill={bill} /></>}</StateView>
    </PageFrame>
  )
}

function Head({ bill }: { bill: CompanyBill }) {
  const { t } = useTranslation()
  const pick = usePick()
  const exchanged = bill.meters.length > 0
  const register = (value: string | null, at: string | null) => <dd>{exactText(value)} {unitText(bill.unit)}{at && <span className="muted"> · {instantText(at)}</span>}</dd>
  return (
    <Card title={<span className="row"><Money fen={bill.amount_fen} strong /> <BillStateTag state={bill.state} /></span>} extra={<span className="muted">{t('bill.due_by', { date: bill.due_date })}</span>}>
      <dl className="facts">
        <div><dt>{t('company.customer')}</dt><dd>{bill.name}</dd></div>
        <div><dt>{t('meter.address')}</dt><dd>{bill.address}</dd></div>
        <div><dt>{t('bill.account_number')}</dt><dd>{bill.account_number}</dd></div>
        <div><dt>{t('bill.meter_number')}</dt><dd>{bill.meter_number}</dd></div>
        {!exchanged && <div><dt>{t('bill.previous_register')}</dt>{register(bill.register_start, bill.register_start_at)}</div>}
        {!exchanged && <div><dt>{t('bill.present_register')}</dt>{register(bill.register_end, bill.register_end_at)}</div>}
        <div><dt>{t('bill.quantity')}</dt><dd>{exactText(bill.quantity)} {unitText(bill.unit)} · ×{bill.multiplier}</dd></div>
        <div><dt>{t('quality.name')}</dt><dd><StateTag tone={bill.is_estimated ? 'late' : 'good'}>{t(bill.is_estimated ? 'quality.estimated' : 'quality.measured')}</StateTag></dd></div>
        <div><dt>{t('bill.tariff')}</dt><dd>{pick(bill.tariff)}</dd></div>
        <div><dt>{t('company.version')}</dt><dd>{bill.version}</dd></div>
        {bill.late_fee_fen > 0 && <div><dt>{t('bill.late_fees')}</dt><dd><Money fen={bill.late_fee_fen} /></dd></div>}
      </dl>
      {exchanged && <BillMeters part={bill} />}
    </Card>
  )
}

function Lines({ bill }: { bill: CompanyBill }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <Card title={t('bill.worked_out')}>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t('bill.worked_out')}>
        <table className="plain-table line-table">
          <thead><tr><th scope="col">{t('bill.line')}</th><th scope="col" className="right">{t('bill.quantity')}</th><th scope="col" className="right">{t('bill.price')}</th><th scope="col" className="right">{t('company.exact')}</th><th scope="col" className="right">{t('bill.amount')}</th></tr></thead>
          <tbody>
            {bill.lines.map((line) => (
              <tr key={line.line}>
                <td>{pick(line.name)}{line.detail && <div className="muted">{pick(line.detail)}</div>}</td>
                <td className="right nowrap">{line.quantity === null ? '' : `${exactText(line.quantity)} ${unitText(line.unit ?? '')}`}</td>
                <td className="right nowrap">{line.price === null ? '' : `× ¥ ${line.price}`}</td>
                <td className="right nowrap">= {line.amount_exact}</td>
                <td className="right line-amount"><Money fen={line.amount_fen} /></td>
              </tr>
            ))}
          </tbody>
          <tfoot><tr><td colSpan={4}>{t('bill.part_total')}</td><td className="right"><Money fen={bill.amount_fen} strong /></td></tr></tfoot>
        </table>
      </div>
    </Card>
  )
}

function Rest({ bill }: { bill: CompanyBill }) {
  const { t } = useTranslation()
  return (
    <div className="grid-2">
      <Card title={t('company.payments')}>
        {bill.payments.length === 0 ? <p className="muted">{t('company.no_payments')}</p> : (
          <table className="plain-table"><tbody>{bill.payments.map((payment) => <tr key={payment.reference}><td>{payment.reference}<div className="muted">{instantText(payment.paid_at)}</div></td><td className="right"><Money fen={payment.amount_fen} /></td></tr>)}</tbody></table>
        )}
      </Card>
      <Card title={t('company.provenance')}>
        <dl className="facts">
          <div><dt>{t('company.snapshot')}</dt><dd>{bill.provenance.readings_snapshot || MISSING}</dd></div>
          <div><dt>{t('company.installation')}</dt><dd>{bill.provenance.installation_version || MISSING}</dd></div>
          <div><dt>{t('company.rules')}</dt><dd>{bill.provenance.rules_version || MISSING}</dd></div>
        </dl>
      </Card>
    </div>
  )
}
