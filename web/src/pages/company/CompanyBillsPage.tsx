import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { companyBillsQuery, companyOverviewQuery, siteQuery } from '../../api/queries'
import type { BillState, CompanyBillRow, CompanyOverview } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { exactText, numberText, unitText } from '../../design/format'
import { Money } from '../../design/Money'
import { EstimatedNote } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import { BillStateTag } from '../resident/BillStateTag'

const STATES: BillState[] = ['open', 'part_paid', 'paid', 'overdue', 'replaced']

/** What one company has billed in a month, and what of it is paid. */
export function CompanyBillsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const [state, setState] = useUrlState()
  const { data: site } = useQuery(siteQuery)
  const overview = useQuery(companyOverviewQuery(system, { month: state.month }))
  const company = site?.systems.find(({ id }) => id === system)
  const columns: Column<CompanyBillRow>[] = [
    { key: 'bill_number', title: t('bill.number'), sortable: true, cell: (bill) => <Link to="/company/$system/bills/$number" params={{ system, number: bill.bill_number }}>{bill.bill_number}</Link> },
    { key: 'account_number', title: t('bill.account_number'), cell: (bill) => bill.account_number },
    { key: 'name', title: t('company.customer'), cell: (bill) => bill.name },
    { key: 'quantity', title: t('bill.quantity'), sortable: true, right: true, cell: (bill) => <span className="nowrap">{exactText(bill.quantity)} {unitText(bill.unit)}{bill.is_estimated && <> <EstimatedNote share={null} /></>}</span> },
    { key: 'amount_fen', title: t('bill.amount'), sortable: true, right: true, cell: (bill) => <Money fen={bill.amount_fen} strong /> },
    { key: 'paid_fen', title: t('bill.paid'), right: true, cell: (bill) => <Money fen={bill.paid_fen} /> },
    { key: 'due_date', title: t('bill.due_date'), sortable: true, cell: (bill) => bill.due_date },
    { key: 'state', title: t('bill.state_name'), cell: (bill) => <BillStateTag state={bill.state} /> },
  ]
  const months = overview.data?.months ?? []
  const month = state.month ?? overview.data?.month ?? undefined
  return (
    <PageFrame
      title={company ? t('company.title', { company: pick(company.party_name) }) : t('nav.company_bills')} as_of={overview.data?.as_of} help={t('company.help')}
      actions={months.length > 0 && <Select aria-label={t('bill.month')} value={month} options={months.map((month) => ({ value: month, label: month }))} onChange={(month: string) => setState({ month, page: undefined })} />}
    >
      <StateView query={overview} height={96}>{(data) => <KeyNumbers overview={data} />}</StateView>
      {!overview.isPending && <Card>
        <DataTable
          label={t('nav.company_bills')} columns={columns} query={(query) => companyBillsQuery(system, query)} rowKey={(bill) => bill.bill_number} empty={t('company.no_bills')} exportPath={`/${system}/api/bills`} search={t('company.search')}
          fixed={{ month }}
          filters={[
            { key: 'state', label: t('bill.state_name'), options: STATES.map((value) => ({ value, label: t(`bill.state.${value}`) })) },
            { key: 'estimated', label: t('company.reads'), options: [{ value: 'true', label: t('quality.estimated') }, { value: 'false', label: t('quality.measured') }] },
          ]}
        />
      </Card>}
    </PageFrame>
  )
}

function KeyNumbers({ overview }: { overview: CompanyOverview }) {
  const { t } = useTranslation()
  const rate = overview.amount_fen === 0 ? null : (overview.paid_fen / overview.amount_fen) * 100
  return (
    <div className="key-numbers">
      <KeyNumber name={t('company.bills')} note={t('company.estimated', { count: overview.estimated_bills })}>{numberText(overview.bills, '1')}</KeyNumber>
      <KeyNumber name={t('company.billed')} note={overview.previous_amount_fen !== null && <>{t('company.before')} <Money fen={overview.previous_amount_fen} /></>}><Money fen={overview.amount_fen} /></KeyNumber>
      <KeyNumber name={t('bill.paid')} note={rate === null ? undefined : `${numberText(rate, '%')}%`}><Money fen={overview.paid_fen} /></KeyNumber>
      <KeyNumber name={t('bill.state.overdue')}><Money fen={overview.overdue_fen} /></KeyNumber>
      <KeyNumber name={t('company.blocked')}>{overview.blocked}</KeyNumber>
      <KeyNumber name={t('company.ledger')}><StateTag tone={overview.ledger_sum_fen === 0 ? 'good' : 'bad'}>{t(overview.ledger_sum_fen === 0 ? 'company.balanced' : 'company.unbalanced')}</StateTag> <Money fen={overview.ledger_sum_fen} /></KeyNumber>
    </div>
  )
}
