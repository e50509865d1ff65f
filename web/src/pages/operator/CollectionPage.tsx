import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { collectionQuery, METERING, terminalsQuery } from '../../api/queries'
import type { Collection, Recollection, Terminal } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { Chart } from '../../design/Chart'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { DataTable, type Column } from '../../design/DataTable'
import { MISSING, numberText } from '../../design/format'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { ServiceSwitch, useService } from '../../design/ServiceSwitch'
import { StateTag } from '../../design/StateTag'
import { Empty, StateView } from '../../design/StateView'
import { TimePicker, useTimeRange, type TimeRange } from '../../design/TimePicker'
import { useUrlState } from '../../design/urlState'
import { useCollectionChart } from './collectionChart'
import { OpenWorkOrder } from './OpenWorkOrder'
import './operator.css'
import { Schedules } from './Schedules'
import { TerminalStateTag } from './TerminalStateTag'

const ITEMS = ['all', 'interval', 'daily', 'monthly'] as const

/** Is everything that was planned also read and stored, and where is it not. */
export function CollectionPage() {
  const { t } = useTranslation()
  const service = useService()
  const [state, setState] = useUrlState()
  const range = useTimeRange('week')
  const item = ITEMS.find((known) => known === state.item) ?? 'all'
  const collection = useQuery(collectionQuery({ service, start: range.query.start, end: range.query.end, item }))
  return (
    <PageFrame title={t('collection.title')} as_of={collection.data?.as_of} help={t('collection.help')} actions={<><Schedules /><ServiceSwitch /></>}>
      <div className="row">
        <TimePicker range={range} spans={['day', 'week', 'month']} compare={false} />
        <Segmented aria-label={t('collection.item')} value={item} options={ITEMS.map((value) => ({ value, label: t(`collection.items.${value}`) }))} onChange={(value) => setState({ item: value === 'all' ? undefined : value })} />
      </div>
      <StateView query={collection} height={520}>{(data) => <Body collection={data} range={range} />}</StateView>
      <Terminals range={range} missing={collection.data?.missing ?? []} />
    </PageFrame>
  )
}

function Body({ collection, range }: { collection: Collection; range: TimeRange }) {
  const { t } = useTranslation()
  return (
    <>
      <div className="key-numbers">
        <KeyNumber name={t('collection.items.interval')}><NumberWithUnit figure={collection.rates.interval} /></KeyNumber>
        <KeyNumber name={t('collection.items.daily')}><NumberWithUnit figure={collection.rates.daily} /></KeyNumber>
        <KeyNumber name={t('collection.items.monthly')} note={collection.rates.monthly_of && t('collection.month_of', { month: collection.rates.monthly_of })}><NumberWithUnit figure={collection.rates.monthly} /></KeyNumber>
        <KeyNumber name={t('collection.late')} note={t('collection.late_note')}>{collection.late}</KeyNumber>
        <KeyNumber name={t('map.silent_terminals')}>{collection.silent_terminals}</KeyNumber>
      </div>
      {collection.funnel.planned === 0 ? <Empty reason={t('collection.nothing_planned')} /> : <Pictures collection={collection} range={range} />}
    </>
  )
}

function Pictures({ collection, range }: { collection: Collection; range: TimeRange }) {
  const { t } = useTranslation()
  const chart = useCollectionChart(collection)
  const [, setState] = useUrlState()
  return (
    <>
      <Card title={t('collection.heat')}>
        <Chart {...chart} label={t('collection.heat_label', { start: range.start, end: range.end })} height={Math.max(180, 60 + collection.terminals.length * 26)} onPick={(index) => setState({ terminal: collection.terminals[Math.floor(index / collection.days.length)]?.id })} />
      </Card>
      <Card title={t('collection.funnel')}><Funnel funnel={collection.funnel} /></Card>
    </>
  )
}

function Funnel({ funnel }: { funnel: Collection['funnel'] }) {
  const { t } = useTranslation()
  return (
    <ul className="funnel">
      {(['planned', 'reached', 'read', 'stored'] as const).map((stage) => {
        const share = funnel.planned === 0 ? 0 : (funnel[stage] / funnel.planned) * 100
        return (
          <li key={stage}>
            <span>{t(`collection.stage.${stage}`)}</span>
            <span className="bar" aria-hidden="true"><span style={{ width: `${share}%` }} /></span>
            <span className="right">{numberText(funnel[stage], '1')} · {numberText(share, '%')}%</span>
          </li>
        )
      })}
    </ul>
  )
}

function Terminals({ range, missing }: { range: TimeRange; missing: Collection['missing'] }) {
  const { t } = useTranslation()
  const pick = usePick()
  const [state] = useUrlState()
  const [chosen, setChosen] = useState<string[]>([])
  const [asking, setAsking] = useState(false)
  const [done, setDone] = useState<Recollection | null>(null)
  const lacking = new Map(missing.map((row) => [row.terminal, row]))
  const columns: Column<Terminal>[] = [
    { key: 'name', title: t('terminal.name'), sortable: true, cell: (row) => pick(row.name) },
    { key: 'address', title: t('terminal.address'), cell: (row) => row.address },
    { key: 'protocol', title: t('terminal.protocol'), cell: (row) => row.protocol },
    { key: 'meters', title: t('terminal.meters'), right: true, sortable: true, cell: (row) => row.meters },
    { key: 'state', title: t('terminal.state_name'), cell: (row) => <TerminalStateTag state={row.state} /> },
    { key: 'last_seen_at', title: t('terminal.last_seen'), sortable: true, cell: (row) => (row.last_seen_at ? <AgeBadge at={row.last_seen_at} late_after_s={900} /> : MISSING) },
    { key: 'collection_rate', title: t('map.collection_rate'), right: true, sortable: true, cell: (row) => (row.collection_rate === null ? MISSING : `${numberText(row.collection_rate, '%')}%`) },
    { key: 'missing', title: t('collection.missing'), right: true, cell: (row) => lacking.get(row.id)?.count ?? 0 },
    { key: 'orders', title: t('nav.work_orders'), cell: (row) => <span className="row"><Link to="/operator/work-orders" search={{ device: row.id }}>{t('work_order.show')}</Link><OpenWorkOrder devices={[row.id]} kind={row.state === 'online' ? 'missing_data' : 'no_contact'} size="small" /></span> },
  ]
  const targets = chosen.length > 0 ? chosen : [...lacking.keys()]
  return (
    <Card
      title={t('collection.terminals')}
      extra={
        <>
          {chosen.length > 0 && <OpenWorkOrder devices={chosen} kind="no_contact" label={t('work_order.open_chosen', { devices: chosen.length })} />}
          <Button disabled={targets.length === 0} onClick={() => setAsking(true)}>{t(chosen.length > 0 ? 'collection.recollect_chosen' : 'collection.recollect_all', { count: targets.length })}</Button>
        </>
      }
    >
      {done && <p><StateTag tone="good">{t('collection.recollecting', { count: done.tasks, job: done.job })}</StateTag></p>}
      <DataTable
        label={t('collection.terminals')} columns={columns} query={terminalsQuery} rowKey={(row) => row.id} empty={t('collection.no_terminals')} exportPath={`/${METERING}/api/terminals`} search={t('terminal.search')}
        fixed={{ q: state.terminal }} filters={[{ key: 'state', label: t('terminal.state_name'), options: (['online', 'silent', 'never_seen'] as const).map((value) => ({ value, label: t(`terminal.state.${value}`) })) }]}
        selection={{ keys: chosen, onChange: setChosen }}
      />
      <Recollect open={asking} targets={targets} range={range} onClose={() => setAsking(false)} onDone={(answer) => { setDone(answer); setAsking(false) }} />
    </Card>
  )
}

function Recollect({ open, targets, range, onClose, onDone }: { open: boolean; targets: string[]; range: TimeRange; onClose: () => void; onDone: (answer: Recollection) => void }) {
  const { t } = useTranslation()
  const [key, setKey] = useState(newIntention)
  const confirm = async () => {
    const body = { terminal_ids: targets, start: range.query.start, end: range.query.end }
    const answer = await change<Recollection>('POST', `/${METERING}/api/collection/recollect`, body, key)
    setKey(newIntention())
    onDone(answer)
  }
  return (
    <ConfirmDanger
      open={open} title={t('collection.recollect')} danger={false} needs_reason={false} effect={t('collection.recollect_effect', { count: targets.length, start: range.start, end: range.end })}
      action={t('collection.recollect')} onConfirm={confirm} onClose={onClose}
    />
  )
}
