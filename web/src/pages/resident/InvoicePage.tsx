import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { invoiceBasisQuery, PLATFORM } from '../../api/queries'
import type { InvoiceBasis, InvoiceRow, NotYetInvoiced } from '../../api/types'
import { CopyButton } from '../../design/CopyButton'
import { ExportButtons } from '../../design/ExportButtons'
import { dateText, moneyText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { Empty, StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import './resident.css'

/** What to quote to each company when asking for its tax invoice (发票): of one payment, one bill, or all that was paid. */
export function InvoicePage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const [{ payment, bill }] = useUrlState()
  const asked = { payment, bill }
  const basis = useQuery(invoiceBasisQuery(account, asked))
  const has_rows = !!basis.data && basis.data.rows.length > 0
  return (
    <PageFrame
      title={t('invoice.title')} as_of={basis.data?.as_of} help={t('invoice.help')}
      actions={has_rows && <ExportButtons path={`/${PLATFORM}/api/households/${encodeURIComponent(account)}/invoice-basis`} query={asked} />}
    >
      <Card>
        <p>{t('invoice.how')}</p>
        <p className="row" style={{ marginTop: '0.6rem' }}>
          <strong>{payment ? t('invoice.of_payment', { reference: payment }) : bill ? t('invoice.of_bill', { number: bill }) : t('invoice.of_all')}</strong>
          {(payment || bill) && <Link to="/pay/invoice/$account" params={{ account }} search={{}}>{t('invoice.show_all')}</Link>}
        </p>
      </Card>
      <StateView query={basis} height={360}>
        {(data) => (
          <>
            {data.reason && <Card><NothingPaid basis={data} /></Card>}
            {bySeller(data.rows).map((rows) => <Seller key={rows[0]!.service} rows={rows} />)}
            {data.rows.length > 0 && data.not_yet.length > 0 && <Card title={t('invoice.not_yet')}><Open rows={data.not_yet} /></Card>}
          </>
        )}
      </StateView>
    </PageFrame>
  )
}

function NothingPaid({ basis }: { basis: InvoiceBasis }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <Empty reason={pick(basis.reason)}>
        {basis.not_yet.length > 0 && <Link to="/pay/$account" params={{ account: basis.account }}>{t('today.pay')}</Link>}
      </Empty>
      {basis.not_yet.length > 0 && <Open rows={basis.not_yet} />}
    </>
  )
}

/** One company: who sells, to which account, and what of each bill was paid when. */
function Seller({ rows }: { rows: InvoiceRow[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  const { service, company_name, account_number } = rows[0]!
  const total = rows.reduce((sum, { amount_fen }) => sum + amount_fen, 0)
  const lines = (row: InvoiceRow): [string, string][] => [
    [t('bill.number'), row.bill_number],
    [t('bill.month'), row.month],
    [t('pay.reference'), row.reference],
    [t('invoice.paid_on'), dateText(row.paid_at)],
    [t('invoice.charges'), moneyText(row.charges_fen)],
    [t('bill.late_fees'), moneyText(row.late_fee_fen)],
    [t('invoice.paid'), moneyText(row.amount_fen)],
  ]
  const head: [string, string][] = [[t('invoice.seller'), pick(company_name)], [t('bill.account_number'), account_number]]
  const quoted = () => [head, ...rows.map(lines)].map((block) => block.map(([name, value]) => `${name}: ${value}`).join('\n')).join('\n\n')
  return (
    <Card title={<span className="row"><MediumTag service={service} size={20} /> {pick(company_name)}</span>} extra={<><Money fen={total} strong /><CopyButton text={quoted} label={t('invoice.copy', { company: pick(company_name) })} /></>}>
      <Facts lines={head} />
      <ul className="invoice-rows">{rows.map((row) => <li key={`${row.reference} ${row.bill_number}`}><Facts lines={lines(row)} /></li>)}</ul>
    </Card>
  )
}

function Facts({ lines }: { lines: [string, string][] }) {
  return <dl className="facts">{lines.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}

function Open({ rows }: { rows: NotYetInvoiced[] }) {
  const pick = usePick()
  return (
    <table className="plain-table">
      <tbody>
        {rows.map((row) => (
          <tr key={row.bill_number}>
            <td><MediumTag service={row.service} /> {pick(row.company_name)}<div className="muted">{row.bill_number} · {row.month}</div></td>
            <td className="right"><Money fen={row.open_fen} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Rows of each company together, companies in the order they come. */
function bySeller(rows: InvoiceRow[]): InvoiceRow[][] {
  const found = new Map<string, InvoiceRow[]>()
  for (const row of rows) {
    const key = `${row.service} ${row.account_number}`
    found.set(key, [...(found.get(key) ?? []), row])
  }
  return [...found.values()]
}
