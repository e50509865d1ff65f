import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { billsQuery, PLATFORM } from '../../api/queries'
import type { BillState, BillSummary } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { BillStateTag } from './BillStateTag'

const STATES: BillState[] = ['open', 'part_paid', 'paid', 'overdue', 'replaced']

/** All combined bills of a household, newest first. */
export function BillsPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const columns: Column<BillSummary>[] = [
    { key: 'month', title: t('bill.month'), sortable: true, cell: (bill) => <Link to="/bills/$account/$number" params={{ account, number: bill.number }}>{bill.month}</Link> },
    { key: 'number', title: t('bill.number'), cell: (bill) => bill.number },
    { key: 'due_date', title: t('bill.due_date'), sortable: true, cell: (bill) => bill.due_date },
    { key: 'estimated_parts', title: t('bill.estimated_reads'), right: true, cell: (bill) => bill.estimated_parts },
    { key: 'state', title: t('bill.state_name'), cell: (bill) => <BillStateTag state={bill.state} /> },
    { key: 'total_fen', title: t('bill.total'), sortable: true, right: true, cell: (bill) => <Money fen={bill.total_fen} strong /> },
  ]
  return (
    <PageFrame title={t('bill.all')}>
      <Card>
        <DataTable
          aged label={t('bill.all')} columns={columns} query={(query) => billsQuery(account, query)} rowKey={(bill) => bill.number} empty={t('bill.none_yet')}
          exportPath={`/${PLATFORM}/api/households/${account}/bills`}
          filters={[{ key: 'state', label: t('bill.state_name'), options: STATES.map((value) => ({ value, label: t(`bill.state.${value}`) })) }]}
        />
      </Card>
    </PageFrame>
  )
}
