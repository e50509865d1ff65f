import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConformanceFlow } from '../../api/conformance'
import { edgeMessagesQuery } from '../../api/queries'
import type { EdgeState, TopologyEdge, TopologyMessage, TopologyNode } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { MISSING, numberText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { FoundTag, useFound } from './LastRun'
import { EDGE_TONES } from './TopologyPage'

const TONES: Record<TopologyMessage['state'], Tone> = { delivered: 'good', waiting: 'busy', refused: 'bad', parked: 'late' }

/** Of which no message is in any book here. */
const UNSEEN: EdgeState[] = ['uncounted', 'not_run', 'not_built']

/** One row of the plan in one direction: what may travel, what did, and the last of it (masked). */
interface Props { edge: TopologyEdge; nodes: TopologyNode[]; plan: string; live: boolean; onClose: () => void }

export function EdgePanel({ edge, nodes, plan, live, onClose }: Props) {
  const { t } = useTranslation()
  const pick = usePick()
  const found = useFound(plan)
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [edge.id])
  const ends = nodes.filter(({ id }) => id === edge.source || id === edge.target)
  const name = (id: string) => pick(ends.find((node) => node.id === id)?.name) || id
  return (
    <aside ref={panel} className="card panel" aria-label={t('topology.row_of', { row: edge.row })} tabIndex={0}>
      <div className="between"><h2>{t('topology.row_of', { row: edge.row })}</h2><button type="button" className="panel-close" aria-label={t('state.close')} onClick={onClose}>×</button></div>
      <p>{name(edge.source)} → {name(edge.target)}</p>
      <p className="row"><StateTag tone={EDGE_TONES[edge.state]}>{t(`topology.edge.${edge.state}`)}</StateTag><span className="muted">{t(`topology.provenance.${edge.provenance}`)}</span></p>
      {ends.map((node) => <LastHeard key={node.id} node={node} />)}
      <ul className="stack">{edge.messages.map((message) => <li key={message.id}>{pick(message.name)}<div className="muted">{message.id}{message.class && ` · ${message.class}`}{!message.built && ` · ${t('topology.edge.not_built')}`}</div><Found flow={found(edge, message.id)} /></li>)}</ul>
      {edge.state === 'uncounted' ? <p className="muted">{t('topology.uncounted')}</p> : <Counts edge={edge} />}
      {live && !UNSEEN.includes(edge.state) && <LastMessages edge={edge.id} />}
    </aside>
  )
}

function Counts({ edge }: { edge: TopologyEdge }) {
  const { t } = useTranslation()
  return (
    <dl className="facts">
      <div><dt>{t('topology.per_minute')}</dt><dd>{numberText(edge.per_minute, '', 1)}</dd></div>
      <div><dt>{t('topology.delay')}</dt><dd>{edge.delay_s === null ? MISSING : `${numberText(edge.delay_s, 's')} s`}</dd></div>
      <div><dt>{t('topology.delivered')}</dt><dd>{numberText(edge.delivered, '1')}</dd></div>
      <div><dt>{t('topology.refused')}</dt><dd>{numberText(edge.refused, '1')}</dd></div>
    </dl>
  )
}

/** How long ago an end that is not there was heard, and when its own software, if it has any, last called at its door. */
function LastHeard({ node }: { node: TopologyNode }) {
  const { t } = useTranslation()
  const pick = usePick()
  const missed = node.state === 'down' ? node.last_seen_at : null
  if (!missed && !node.software_seen_at) return null
  return (
    <p className="muted">
      {pick(node.name)}{missed && <> · {t('topology.last_heard')} <AgeBadge at={missed} /></>}{node.software_seen_at && <> · {t('topology.software')} <AgeBadge at={node.software_seen_at} /></>}
    </p>
  )
}

/** What the last conformance run saw of a message. */
function Found({ flow }: { flow: ConformanceFlow | undefined }) {
  const { t } = useTranslation()
  const pick = usePick()
  if (!flow || flow.status === 'not built') return null
  return <div className="row"><span className="muted">{t('conformance.title')}</span><FoundTag flow={flow} /><span className="muted found">{flow.evidence ?? (flow.why && pick(flow.why))}</span></div>
}

function LastMessages({ edge }: { edge: string }) {
  const { t } = useTranslation()
  const pick = usePick()
  const messages = useQuery(edgeMessagesQuery(edge, { size: 10 }))
  return (
    <>
      <h3>{t('topology.last_messages')}</h3>
      <StateView query={messages} height={120} empty={(data) => (data.total === 0 ? t('topology.no_messages') : null)}>
        {(data) => (
          <ul className="stack">
            {data.rows.map((message) => (
              <li key={message.id}>
                <div className="between"><span>{pick(message.name)}</span><StateTag tone={TONES[message.state]}>{t(`topology.message.${message.state}`)}</StateTag></div>
                <div className="muted">{message.rows !== null && `${t('topology.rows', { count: message.rows })} · `}{numberText(message.bytes / 1024, '', 1)} KB · <AgeBadge at={message.sent_at} /></div>
                {message.reason && <div className="muted">{pick(message.reason)}</div>}
              </li>
            ))}
          </ul>
        )}
      </StateView>
    </>
  )
}
