import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { customerReadingsQuery, type CustomerReading } from '../../api/trust'
import { DataTable, type Column } from '../../design/DataTable'
import { exactText, MISSING, unitText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

/** What one of our meters showed, day by day, as metering told it. */
export function CustomerReadingsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const { system, point } = useParams({ strict: false }) as { system: string; point: string }
  const columns: Column<CustomerReading>[] = [
    { key: 'day', title: t('view.period'), cell: (row) => row.day },
    { key: 'kind', title: t('view.measure'), cell: (row) => pick(row.kind_name) },
    { key: 'meter', title: t('customer.meter'), cell: (row) => row.meter_number },
    { key: 'start', title: t('customer.register_start'), right: true, cell: (row) => withUnit(row.register_start, row.unit) },
    { key: 'end', title: t('customer.register_end'), right: true, cell: (row) => withUnit(row.register_end, row.unit) },
    { key: 'quantity', title: t('view.value'), right: true, cell: (row) => withUnit(row.quantity, row.unit) },
    { key: 'quality', title: t('quality.name'), cell: (row) => <StateTag tone={row.is_estimated ? 'late' : 'good'}>{t(row.is_estimated ? 'quality.estimated' : 'quality.measured')}</StateTag> },
  ]
  const before = <Link to="/company/$system/customers" params={{ system }}>← {t('nav.customers')}</Link>
  return (
    <PageFrame title={t('customer.readings_of', { point })} before={before} help={t('customer.readings_help')}>
      <Card><DataTable aged label={point} columns={columns} query={(query) => customerReadingsQuery(system, point, { page: query.page, size: query.size })} rowKey={(row) => `${row.day}/${pick(row.kind_name)}`} empty={t('customer.no_readings')} exportPath={`/${system}/api/customers/${encodeURIComponent(point)}/readings`} /></Card>
    </PageFrame>
  )
}

const withUnit = (value: string | null, unit: string): string => (value === null ? MISSING : `${exactText(value)} ${unitText(unit)}`)
