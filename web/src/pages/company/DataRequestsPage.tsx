import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Button, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { sessionQuery } from '../../api/queries'
import { customersQuery, dataRequestsQuery, type DataRequest } from '../../api/trust'
import { useNow } from '../../design/clock'
import { ConfirmDanger, type Confirmed } from '../../design/ConfirmDanger'
import { DataTable, type Column } from '../../design/DataTable'
import { DayRange } from '../../design/DayRange'
import { DayField, isDay } from '../../design/DayField'
import { instantText, numberText, shanghai } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'

const TONES: Record<DataRequest['state'], Tone> = { complete: 'good', partly: 'busy', waiting: 'late' }
const CUSTOMERS = 200

/** Meter data we asked for again, and what came back. */
export function DataRequestsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const { data: session } = useQuery(sessionQuery)
  const [asking, setAsking] = useState(false)
  const columns: Column<DataRequest>[] = [
    { key: 'id', title: t('view.number'), cell: (row) => row.id },
    { key: 'state', title: t('view.state'), sortable: true, cell: (row) => <StateTag tone={TONES[row.state]}>{pick(row.state_text)}</StateTag> },
    { key: 'first_day', title: t('view.days'), sortable: true, wrap: 8, cell: (row) => <DayRange first={row.first_day} last={row.last_day} /> },
    { key: 'usage_points', title: t('customer.usage_points'), right: true, sortable: true, cell: (row) => numberText(row.usage_points, '1') },
    { key: 'held', title: t('customer.days_here'), right: true, cell: (row) => t('customer.of_days', { held: row.held, wanted: row.wanted, before: row.held_before }) },
    { key: 'reason', title: t('view.reason'), cell: (row) => row.reason },
    { key: 'asked_at', title: t('view.asked'), sortable: true, cell: (row) => <>{instantText(row.asked_at)}<div className="muted">{row.asked_by}</div></> },
  ]
  return (
    <PageFrame title={t('nav.data_requests')} help={t('customer.requests_help')} actions={session?.rights.includes('readings.ask') && <Button type="primary" onClick={() => setAsking(true)}>{t('customer.ask')}</Button>}>
      <Card><DataTable aged label={t('nav.data_requests')} columns={columns} query={(query) => dataRequestsQuery(system, query)} rowKey={(row) => row.id} empty={t('customer.no_requests')} exportPath={`/${system}/api/data-requests`} /></Card>
      {asking && <Ask system={system} onClose={() => setAsking(false)} />}
    </PageFrame>
  )
}

function Ask({ system, onClose }: { system: string; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const id = useId()
  const now = useNow(3_600_000)
  const yesterday = shanghai(now).subtract(1, 'day')
  const [key, setKey] = useState(newIntention)
  const [points, setPoints] = useState<string[]>([])
  const [first, setFirst] = useState(yesterday.subtract(6, 'day').format('YYYY-MM-DD'))
  const [last, setLast] = useState(yesterday.format('YYYY-MM-DD'))
  const customers = useQuery(customersQuery(system, { size: CUSTOMERS }))
  const give = <V,>(set: (value: V) => void) => (value: V) => {
    set(value)
    setKey(newIntention())
  }
  const ask = async ({ reason }: Confirmed) => {
    await change<DataRequest>('POST', `/${system}/api/data-requests`, { usage_points: points, first_day: first, last_day: last, reason }, key)
    onClose()
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('data_requests') ?? false })
  }
  const effect = (
    <div className="stack">
      <label htmlFor={`${id}-points`}>{t('customer.usage_points')}</label>
      <Select id={`${id}-points`} mode="multiple" value={points} onChange={give(setPoints)} options={customers.data?.rows.map((row) => ({ value: row.usage_point, label: `${row.account_number} · ${row.usage_point}` }))} optionFilterProp="label" />
      <label htmlFor={`${id}-first`}>{t('view.first_day')}</label>
      <DayField id={`${id}-first`} value={first} onChange={give(setFirst)} />
      <label htmlFor={`${id}-last`}>{t('view.last_day')}</label>
      <DayField id={`${id}-last`} value={last} onChange={give(setLast)} />
      <p>{t('customer.ask_effect')}</p>
    </div>
  )
  return <ConfirmDanger open title={t('customer.ask')} effect={effect} ready={points.length > 0 && isDay(first) && isDay(last) && last >= first} danger={false} action={t('customer.ask')} onConfirm={ask} onClose={onClose} />
}
