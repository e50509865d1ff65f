import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { address } from '../../api/client'
import { billQuery, PLATFORM } from '../../api/queries'
import type { CombinedBill, MonthTotal } from '../../api/types'
import { instantText } from '../../design/format'
import { LinkButton } from '../../design/LinkButton'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { StateView } from '../../design/StateView'
import { BillCharts } from './BillCharts'
import { BillLines } from './BillLines'
import { BillPartCard } from './BillPartCard'
import { BillStateTag } from './BillStateTag'
import './resident.css'

/** The three bills in one: who, where, how much and until when; how it was worked out; how it has changed. */
export function BillPage() {
  const { t } = useTranslation()
  const { account, number } = useParams({ strict: false })
  const query = useQuery(billQuery(account!, number!))
  const bill = query.data
  return (
    <PageFrame
      title={bill ? t('bill.title', { month: bill.month }) : t('bill.name')} as_of={bill?.as_of} help={t('bill.help')}
      actions={bill && <BillActions bill={bill} />}
    >
      <StateView query={query} height={600}>{(data) => <BillBody bill={data} />}</StateView>
    </PageFrame>
  )
}

function BillActions({ bill }: { bill: CombinedBill }) {
  const { t } = useTranslation()
  const pdf = (language: 'zh' | 'en') => address(`/${PLATFORM}/api/households/${bill.account}/bills/${bill.number}/pdf`, { language })
  return (
    <>
      <a className="export" href={pdf('zh')} target="_blank" rel="noreferrer">PDF 中文</a>
      <a className="export" href={pdf('en')} target="_blank" rel="noreferrer">PDF English</a>
      <Link className="export" to="/pay/invoice/$account" params={{ account: bill.account }} search={{ bill: bill.number }}>{t('invoice.title')}</Link>
      <Link className="export" to="/bills/$account" params={{ account: bill.account }}>{t('bill.all')}</Link>
    </>
  )
}

function BillBody({ bill }: { bill: CombinedBill }) {
  const { t } = useTranslation()
  return (
    <>
      <Card>
        <div className="between">
          <div>
            <p className="muted">{bill.name} · {bill.address}</p>
            <p className="bill-total"><Money fen={bill.total_fen} strong /></p>
            <p className="row">{t('bill.due_by', { date: bill.due_date })} <BillStateTag state={bill.state} /></p>
          </div>
          {bill.paid_fen < bill.total_fen && bill.state !== 'replaced' && (
            <LinkButton color="primary" variant="solid" size="large" to="/pay/$account" params={{ account: bill.account }}>{t('bill.pay_all')}</LinkButton>
          )}
        </div>
        <dl className="facts" style={{ marginTop: '1rem' }}>
          <div><dt>{t('bill.number')}</dt><dd>{bill.number}</dd></div>
          <div><dt>{t('bill.account')}</dt><dd>{bill.account}</dd></div>
          <div><dt>{t('bill.period')}</dt><dd>{t('time.from_to', { start: bill.period_start, end: lastDay(bill.period_end) })}</dd></div>
          <div><dt>{t('bill.issued_at')}</dt><dd>{instantText(bill.issued_at)}</dd></div>
        </dl>
      </Card>
      <div className="key-numbers">
        <KeyNumber name={t('bill.against_last_month')}><Change bill={bill} earlier={bill.last_month} /></KeyNumber>
        <KeyNumber name={t('bill.against_last_year')}><Change bill={bill} earlier={bill.last_year} /></KeyNumber>
        <KeyNumber name={t('bill.estimated_reads')} note={bill.estimated_parts === 0 ? t('bill.all_actual') : undefined}>{t('bill.of_reads', { count: bill.estimated_parts, total: bill.parts.length })}</KeyNumber>
        <KeyNumber name={t('bill.paid')}><Money fen={bill.paid_fen} /></KeyNumber>
      </div>
      <Card title={t('bill.accounts')}>
        <div className="bill-parts">{bill.parts.map((part) => <BillPartCard key={part.bill_number} part={part} bill={bill} />)}</div>
      </Card>
      {bill.late_fees.length > 0 && <Card title={t('bill.late_fees')}><LateFees bill={bill} /></Card>}
      <Card title={t('bill.worked_out')}><BillLines bill={bill} /></Card>
      <BillCharts bill={bill} />
    </>
  )
}

function LateFees({ bill }: { bill: CombinedBill }) {
  const { t } = useTranslation()
  return (
    <table className="plain-table" data-testid="late-fees">
      <tbody>
        {bill.late_fees.map((fee) => (
          <tr key={fee.bill_number}>
            <td><MediumTag service={fee.service} /> · {fee.bill_number} · {fee.month}<div className="muted">{t('time.from_to', { start: fee.first_day, end: fee.last_day })}</div></td>
            <td className="right"><Money fen={fee.amount_fen} strong /></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Change({ bill, earlier }: { bill: CombinedBill; earlier: MonthTotal | null }) {
  const { t } = useTranslation()
  if (!earlier) return <span className="muted">{t('bill.nothing_to_compare')}</span>
  return <Money fen={bill.total_fen - earlier.total_fen} signed />
}

/** Periods are half-open; people read the last day that is inside. */
function lastDay(period_end: string): string {
  return new Date(Date.parse(`${period_end}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}
