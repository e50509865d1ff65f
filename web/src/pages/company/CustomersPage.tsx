import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { customersQuery, type CustomerRow } from '../../api/trust'
import { DataTable, type Column } from '../../design/DataTable'
import { MISSING } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'

/** Our customers, and what their meters showed. */
export function CustomersPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const columns: Column<CustomerRow>[] = [
    { key: 'account_number', title: t('customer.account'), sortable: true, cell: (row) => row.account_number },
    { key: 'name', title: t('customer.customer'), cell: (row) => <>{row.name}<div className="muted">{row.address}</div></> },
    { key: 'category', title: t('view.category'), sortable: true, cell: (row) => pick(row.category_text) },
    { key: 'tariff', title: t('customer.tariff'), cell: (row) => pick(row.tariff) },
    { key: 'usage_point', title: t('customer.usage_point'), sortable: true, cell: (row) => <Link to="/company/$system/customers/$point" params={{ system, point: row.usage_point }}>{row.usage_point}</Link> },
    { key: 'account', title: t('customer.combined'), cell: (row) => row.account ?? MISSING },
  ]
  return (
    <PageFrame title={t('nav.customers')} help={t('customer.customers_help')}>
      <Card><DataTable aged label={t('nav.customers')} columns={columns} query={(query) => customersQuery(system, query)} rowKey={(row) => row.account_number} empty={t('customer.no_customers')} exportPath={`/${system}/api/customers`} search={t('customer.search_customers')} /></Card>
    </PageFrame>
  )
}
