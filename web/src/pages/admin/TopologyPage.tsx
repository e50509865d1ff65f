import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Checkbox, Select } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sessionQuery, topologyQuery } from '../../api/queries'
import type { EdgeState, Topology, TopologyEdge } from '../../api/types'
import { MISSING, numberText } from '../../design/format'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { Skeleton, StateView } from '../../design/StateView'
import { useNarrow } from '../../design/useNarrow'
import { useUrlState, type UrlState } from '../../design/urlState'
import '../operator/operator.css'
import { EdgePanel } from './EdgePanel'
import { EdgeCards, EdgeTable } from './EdgeLists'
import { LastRun } from './LastRun'
import './topology.css'

const TopologyFlow = lazy(() => import('./TopologyFlow'))
export const EDGE_TONES: Record<EdgeState, Tone> = { flowing: 'good', idle: 'quiet', uncounted: 'quiet', waiting: 'late', refused: 'bad', broken: 'bad', not_run: 'quiet', not_built: 'quiet' }

/** The systems of a plan and what flows between them: the running one live, the others as they would run. */
export function TopologyPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const [state, setState] = useUrlState()
  const topology = useQuery(topologyQuery({ plan: state.plan, whole: state.whole }))
  const { data } = topology
  return (
    <PageFrame title={data ? t('topology.title', { plan: pick(data.plan.title) }) : t('nav.topology')} as_of={data?.as_of} help={t('topology.help')}>
      {data && <PlanChoice topology={data} whole={state.whole === 'true'} onChange={(patch) => setState({ edge: undefined, page: undefined, ...patch })} />}
      <StateView query={topology} height={560} empty={(found) => (found.nodes.length === 0 ? t('topology.empty') : null)}>{(found) => <Body topology={found} />}</StateView>
    </PageFrame>
  )
}

function Body({ topology }: { topology: Topology }) {
  const { t } = useTranslation()
  const narrow = useNarrow()
  const [table, setTable] = useState(narrow)
  const [state, setState] = useUrlState()
  const edge = topology.edges.find(({ id }) => id === state.edge)
  const select = (id: string) => setState({ edge: id }, false)
  const panel = edge && <EdgePanel plan={topology.plan.id} live={topology.plan.id === topology.running} edge={edge} nodes={topology.nodes} onClose={() => setState({ edge: undefined })} />
  return (
    <>
      <Numbers topology={topology} />
      <div className={`with-panel is-wide${edge ? '' : ' no-panel'}`}>
        <Card title={t('topology.picture')} extra={<>{!table && <Legend edges={topology.edges} />}<button type="button" className="export" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('chart.as_picture') : t('chart.as_table')}</button></>}>
          {table && narrow && <EdgeCards topology={topology} chosen={edge?.id} onSelect={(id) => setState({ edge: id })} panel={panel} />}
          {table && !narrow && <EdgeTable topology={topology} onSelect={select} />}
          {!table && <Suspense fallback={<Skeleton height={520} />}><TopologyFlow topology={topology} selected={edge?.id} onSelect={select} /></Suspense>}
        </Card>
        {!(table && narrow) && panel}
      </div>
      <LastRun key={topology.plan.id} plan={topology.plan.id} />
    </>
  )
}

/** What runs and how; of a plan that is only drawn nothing is known but how many systems it has. */
function Numbers({ topology: { plan, running, nodes, edges } }: { topology: Topology }) {
  const { t } = useTranslation()
  const { data: session } = useQuery(sessionQuery)
  const runs = plan.id === running
  const known = edges.filter(({ state }) => state !== 'not_run' && state !== 'not_built')
  const delays = known.flatMap(({ delay_s }) => (delay_s === null ? [] : [delay_s]))
  const count = (number: number) => (runs ? numberText(number, '1') : MISSING)
  const parked = runs && session?.rights.includes('letters.replay') && <Link to="/admin/parked">{t('nav.parked')}</Link>
  return (
    <div className="key-numbers">
      <KeyNumber name={t('topology.systems')} note={t('topology.in_plan', { count: nodes.length })}>{count(nodes.filter(({ state }) => state === 'up').length)}</KeyNumber>
      <KeyNumber name={t('topology.per_minute')}>{runs ? numberText(known.reduce((sum, { per_minute }) => sum + (per_minute ?? 0), 0), '', 1) : MISSING}</KeyNumber>
      <KeyNumber name={t('topology.delay')}>{delays.length > 0 ? `${numberText(Math.max(...delays), 's')} s` : MISSING}</KeyNumber>
      <KeyNumber name={t('topology.refused')} note={parked}>{count(known.reduce((sum, { refused }) => sum + refused, 0))}</KeyNumber>
      <KeyNumber name={t('topology.broken')}>{count(known.filter(({ state }) => state === 'broken').length)}</KeyNumber>
    </div>
  )
}

interface ChoiceProps { topology: Topology; whole: boolean; onChange: (patch: UrlState) => void }

/** Which plan is drawn, and whether what is not built yet is drawn too. */
function PlanChoice({ topology, whole, onChange }: ChoiceProps) {
  const { t } = useTranslation()
  const pick = usePick()
  const { plan, plans, running } = topology
  const options = plans.map(({ id, title }) => ({ value: id, label: id === running ? t('topology.running_plan', { plan: pick(title) }) : pick(title) }))
  return (
    <div className="row">
      <label className="row">{t('topology.plan')}<Select className="plan-choice" aria-label={t('topology.plan')} value={plan.id} options={options} onChange={(id: string) => onChange({ plan: id === running ? undefined : id })} /></label>
      <Checkbox checked={whole} onChange={({ target }) => onChange({ whole: target.checked ? 'true' : undefined })}>{t('topology.whole')}</Checkbox>
      {plan.id !== running && <span className="muted">{t('topology.only_drawn')}</span>}
    </div>
  )
}

/** What the colours of the lines mean, of those there are. */
function Legend({ edges }: { edges: TopologyEdge[] }) {
  const { t } = useTranslation()
  const found = (Object.keys(EDGE_TONES) as EdgeState[]).filter((state) => edges.some((edge) => edge.state === state))
  return <span className="row">{found.map((state) => <StateTag key={state} tone={EDGE_TONES[state]}>{t(`topology.edge.${state}`)}</StateTag>)}</span>
}
