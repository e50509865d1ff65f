import { useQuery } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { siteQuery } from '../../api/queries'
import { auditQuery, chainQuery, type AuditRow } from '../../api/trust'
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
  const { data: site } = useQuery(siteQuery)
  const system = state.system ?? site?.systems[0]?.id ?? ''
  const fixed = { actor: state.actor, object: state.object, since: state.since && midnight(state.since), until: state.until && midnight(state.until) }
  const field = (name: 'actor' | 'object') => <Input.Search key={`${name}${state[name] ?? ''}`} className="toolbar-search" placeholder={t(`audit.${name}`)} aria-label={t(`audit.${name}`)} defaultValue={state[name]} allowClear onSearch={(value) => setState({ [name]: value || undefined, page: undefined })} />
  const day = (name: 'since' | 'until') => <label className="row">{t(`audit.${name}`)} <Input type="date" value={state[name] ?? ''} onChange={({ target }) => setState({ [name]: target.value || undefined, page: undefined })} /></label>
  const columns: Column<AuditRow>[] = [
    { key: 'number', title: t('view.number'), right: true, cell: (row) => row.number },
    { key: 'at', title: t('audit.at'), cell: (row) => secondsText(row.at) },
    { key: 'actor', title: t('audit.actor'), cell: (row) => row.actor },
    { key: 'action', title: t('audit.action'), wrap: 10, cell: (row) => <>{pick(row.called)} <code className="muted">{row.action}</code></> },
    { key: 'object', title: t('audit.object'), wrap: 12, cell: (row) => row.object },
    { key: 'outcome', title: t('audit.outcome'), cell: (row) => <StateTag tone={tone(row.outcome)}>{t(`audit.outcome_of.${row.outcome}`, { defaultValue: row.outcome })}</StateTag> },
    { key: 'details', title: t('audit.details'), wrap: 15, cell: (row) => <code className="muted">{row.details === '{}' ? '' : row.details}</code> },
    { key: 'hash', title: t('audit.hash'), cell: (row) => <code className="muted">{row.hash.slice(0, 12)}</code> },
  ]
  return (
    <PageFrame title={t('nav.audit')} help={t('audit.help')}>
      <div className="row">
        <Select aria-label={t('users.system')} value={system} options={site?.systems.map(({ id, name }) => ({ value: id, label: pick(name) }))} onChange={(value) => setState({ system: value, page: undefined })} />
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
