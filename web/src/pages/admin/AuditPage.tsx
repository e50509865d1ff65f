import { useQuery } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { siteQuery } from '../../api/queries'
import { auditQuery, chainQuery, type AuditRow } from '../../api/trust'
import { DayField, isDay } from '../../design/DayField'
import { DataTable, type Column } from '../../design/DataTable'
import { midnight, numberText, secondsText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { Failure } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'

const OUTCOMES = ['done', 'forbidden', 'refused', 'broken'] as const
const tone = (outcome: string): Tone => (outcome === 'done' ? 'good' : 'bad')

/** What was done at a system, by whom, to what; and whether the chain is whole. */
export function AuditPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const [state, setState] = useUrlState()
  const id = useId()
  const { data: site } = useQuery(siteQuery)
  const system = state.system ?? site?.systems[0]?.id ?? ''
  const fixed = { actor: state.actor, object: state.object, since: state.since && midnight(state.since), until: state.until && midnight(state.until) }
  const labelled = (name: 'system' | 'actor' | 'object' | 'since' | 'until', label: string, control: (at: string) => ReactNode) => <div><label htmlFor={`${id}-${name}`}>{label}</label>{control(`${id}-${name}`)}</div>
  const field = (name: 'actor' | 'object') => labelled(name, t(`audit.${name}`), (at) => <Input.Search key={`${name}${state[name] ?? ''}`} id={at} defaultValue={state[name]} allowClear onSearch={(value) => setState({ [name]: value || undefined, page: undefined })} />)
  const day = (name: 'since' | 'until') => labelled(name, t(`audit.${name}`), (at) => <DayField id={at} value={state[name] ?? ''} onChange={(value) => (value === '' || isDay(value)) && setState({ [name]: value || undefined, page: undefined })} />)
  const columns: Column<AuditRow>[] = [
    { key: 'number', title: t('view.number'), right: true, cell: (row) => row.number },
    { key: 'at', title: t('audit.at'), cell: (row) => secondsText(row.at) },
    { key: 'actor', title: t('audit.actor'), cell: (row) => row.actor },
    { key: 'action', title: t('audit.action'), wrap: 10, cell: (row) => <>{pick(row.called)} <code className="muted">{row.action}</code></> },
    { key: 'object', title: t('audit.object'), wrap: 12, cell: (row) => row.object },
    { key: 'outcome', title: t('audit.outcome'), cell: (row) => <StateTag tone={tone(row.outcome)}>{t(`audit.outcome_of.${row.outcome}`, { defaultValue: row.outcome })}</StateTag> },
    { key: 'details', title: t('audit.details'), wrap: 15, cell: (row) => detailsOf(row.details) },
    { key: 'hash', title: t('audit.hash'), cell: (row) => <code className="muted">{row.hash.slice(0, 12)}</code> },
  ]
  return (
    <PageFrame title={t('nav.audit')} help={t('audit.help')}>
      <div className="filters">
        {labelled('system', t('users.system'), (at) => <Select id={at} value={system} options={site?.systems.map(({ id, name }) => ({ value: id, label: pick(name) }))} onChange={(value) => setState({ system: value, page: undefined })} />)}
        {field('actor')}
        {field('object')}
        {day('since')}
        {day('until')}
      </div>
      {system && <Chain system={system} />}
      {system && (
        <Card>
          <DataTable
            key={system} aged label={t('nav.audit')} columns={columns} query={(query) => auditQuery(system, query)} rowKey={(row) => String(row.number)} empty={t('audit.none')} exportPath={`/${system}/api/audit`} search={t('audit.search')} fixed={fixed} size={50}
            filters={[{ key: 'outcome', label: t('audit.outcome'), options: OUTCOMES.map((value) => ({ value, label: t(`audit.outcome_of.${value}`) })) }]}
          />
        </Card>
      )}
    </PageFrame>
  )
}

/** What was noted beside it, name by name; nothing where nothing was. */
function detailsOf(details: string): ReactNode {
  const noted = Object.entries(JSON.parse(details) as Record<string, unknown>).filter(([, value]) => value !== null && value !== '')
  if (noted.length === 0) return null
  return noted.map(([name, value]) => <div key={name}><span className="muted">{name}</span> {typeof value === 'string' ? value : JSON.stringify(value)}</div>)
}

/** The whole chain, looked at when asked to. */
function Chain({ system }: { system: string }) {
  const { t } = useTranslation()
  const pick = usePick()
  const chain = useQuery({ ...chainQuery(system), placeholderData: undefined })
  return (
    <Card title={t('audit.chain')} extra={<Button loading={chain.isFetching} onClick={() => void chain.refetch()}>{t('audit.verify')}</Button>}>
      {chain.error && <Failure error={chain.error} />}
      {chain.data && (
        <p className="row">
          <StateTag tone={chain.data.fault ? 'bad' : 'good'}>{chain.data.fault ? pick(chain.data.fault) : t('audit.whole')}</StateTag>
          <span className="muted">{t('audit.verified', { right: numberText(chain.data.right, '1'), rows: numberText(chain.data.rows, '1'), time: secondsText(chain.data.as_of) })}</span>
        </p>
      )}
    </Card>
  )
}
