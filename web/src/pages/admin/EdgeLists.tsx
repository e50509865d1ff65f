import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConformanceFlow } from '../../api/conformance'
import type { EdgeState, Topology, TopologyEdge } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { MISSING, numberText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { FoundTag, useFound } from './LastRun'
import { EDGE_TONES } from './TopologyPage'

const COLUMNS = ['row', 'from', 'to', 'messages', 'state_name', 'delivered', 'refused', 'last'] as const
const FIRST: EdgeState[] = ['broken', 'refused', 'waiting']

/** The links of the picture in rows. */
export function EdgeTable({ topology, onSelect }: { topology: Topology; onSelect: (id: string) => void }) {
  const { t } = useTranslation()
  const said = useSaid(topology)
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={t('topology.picture')}>
      <table className="plain-table edges">
        <thead><tr>{COLUMNS.map((column) => <th key={column} scope="col">{t(`topology.${column}`)}</th>)}<th scope="col">{t('conformance.title')}</th></tr></thead>
        <tbody>
          {wrongFirst(topology.edges).map((edge) => (
            <tr key={edge.id}>
              <td><button type="button" className="link-button" onClick={() => onSelect(edge.id)}>{edge.row}</button></td>
              <td>{said.name(edge.source)}</td><td>{said.name(edge.target)}</td><td>{said.messages(edge)}</td>
              <td><EdgeStateTag edge={edge} /></td>
              <td className="right">{numberText(edge.delivered, '1')}</td><td className="right">{numberText(edge.refused, '1')}</td><td>{edge.last_at ? <AgeBadge at={edge.last_at} /> : MISSING}</td>
              <td><span className="row">{said.found(edge).map((flow) => <FoundTag key={flow.message} flow={flow} />)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface CardsProps { topology: Topology; chosen: string | undefined; onSelect: (id: string | undefined) => void; panel: ReactNode }

/** The same on a phone: a card each, what is known of the chosen one right below it. */
export function EdgeCards({ topology, chosen, onSelect, panel }: CardsProps) {
  const { t } = useTranslation()
  const said = useSaid(topology)
  return (
    <ul className="edge-cards" aria-label={t('topology.picture')}>
      {wrongFirst(topology.edges).map((edge) => (
        <li key={edge.id} className={edge.id === chosen ? 'is-open' : undefined}>
          <button type="button" aria-expanded={edge.id === chosen} onClick={() => onSelect(edge.id === chosen ? undefined : edge.id)}>
            <span className="between"><strong>{edge.row}</strong><EdgeStateTag edge={edge} /></span>
            <span>{said.name(edge.source)} → {said.name(edge.target)}</span>
            <span className="muted">{said.messages(edge)}</span>
            <span className="row muted">{edge.delivered !== null && t('topology.came', { delivered: numberText(edge.delivered, '1'), refused: numberText(edge.refused, '1') })}{edge.last_at && <AgeBadge at={edge.last_at} />}</span>
            {said.found(edge).length > 0 && <span className="row">{said.found(edge).map((flow) => <FoundTag key={flow.message} flow={flow} />)}</span>}
          </button>
          {edge.id === chosen && panel}
        </li>
      ))}
    </ul>
  )
}

function EdgeStateTag({ edge }: { edge: TopologyEdge }) {
  const { t } = useTranslation()
  return <StateTag tone={EDGE_TONES[edge.state]}>{t(`topology.edge.${edge.state}`)}</StateTag>
}

/** What a link says of itself in words. */
function useSaid(topology: Topology) {
  const { t } = useTranslation()
  const pick = usePick()
  const found = useFound(topology.plan.id)
  return {
    name: (id: string) => pick(topology.nodes.find((node) => node.id === id)?.name) || id,
    messages: (edge: TopologyEdge) => edge.messages.map((message) => pick(message.name)).join(t('topology.and')),
    found: (edge: TopologyEdge) => edge.messages.map(({ id }) => found(edge, id)).filter((flow): flow is ConformanceFlow => flow !== undefined),
  }
}

/** In the order of the plan, but first what somebody has to look at. */
const wrongFirst = (edges: TopologyEdge[]) => {
  const place = ({ state }: TopologyEdge) => (FIRST.includes(state) ? FIRST.indexOf(state) : FIRST.length)
  return [...edges].sort((a, b) => place(a) - place(b))
}
