import { BaseEdge, Controls, EdgeLabelRenderer, Handle, Position, ReactFlow, type EdgeProps, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Topology, TopologyNode } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { drawn, FEW, linked, type FlowEdge, type FlowNode } from './topologyLayout'
import type { Place } from './topologyRoutes'
import './topology.css'

const NODE_TONES: Record<FlowNode['data']['system']['state'], Tone> = { up: 'good', down: 'bad', silent: 'bad', unheard: 'late', beyond: 'quiet', not_run: 'quiet', not_built: 'quiet' }

interface Props { topology: Topology; selected: string | undefined; onSelect: (id: string) => void }

/** The picture; those without a link here stand below it by name. A link is chosen by a click, or by Tab and Enter. */
export default function TopologyFlow({ topology, selected, onSelect }: Props) {
  const { t } = useTranslation()
  const pick = usePick()
  const known = useMemo(() => linked(topology), [topology])
  const { nodes, edges, width, height, beyond } = useMemo(() => drawn({ ...topology, nodes: known.linked }), [topology, known])
  const name = (id: string) => pick(topology.nodes.find((node) => node.id === id)?.name)
  const shown = edges.map((edge) => ({ ...edge, selected: edge.id === selected, ariaLabel: t('topology.link', { row: edge.data!.row, from: name(edge.source), to: name(edge.target) }) }))
  const many = nodes.length > FEW
  return (
    <>
      <div className={many ? 'flow is-many' : 'flow'} style={many ? { aspectRatio: `${width} / ${height}` } : undefined} role="group" aria-label={t('topology.label')} data-ready="true">
        <ReactFlow
          key={`${topology.plan.id}-${nodes.length}`}
          nodes={nodes} edges={shown} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} fitView fitViewOptions={{ padding: { x: '2%', y: '2%', ...(beyond && { right: '8%' }) } }} minZoom={0.15} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false}
          onEdgesChange={(changes) => changes.forEach((change) => change.type === 'select' && change.selected && onSelect(change.id))} zoomOnScroll={false} preventScrolling={false}
        >
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
      {known.alone.length > 0 && <Alone nodes={known.alone} />}
    </>
  )
}

/** Systems of the plan that no row shown here reaches. */
function Alone({ nodes }: { nodes: TopologyNode[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <div className="alone">
      <h3>{t('topology.alone')}</h3>
      <ul className="row">{nodes.map((node) => <li key={node.id} className="row">{pick(node.name)}<StateTag tone={NODE_TONES[node.state]}>{t(`topology.node.${node.state}`)}</StateTag></li>)}</ul>
    </div>
  )
}

function SystemNode({ data }: NodeProps<FlowNode>) {
  const { t } = useTranslation()
  const pick = usePick()
  const { system } = data
  const words = (of: string[]) => of.map((row) => t(`topology.of.${row}`, { defaultValue: row })).join(t('topology.and'))
  const named = (capability: string) => t(`topology.capability.${capability}`, { defaultValue: capability })
  const hosts = system.hosts.map(({ capability, of }) => (of.length > 0 ? t('topology.hosts_of', { capability: named(capability), of: words(of) }) : named(capability))).join(' · ')
  return (
    <div className={`system is-${system.state}`} title={hosts || undefined}>
      <Handle type="target" id="in-left" position={Position.Left} style={{ top: '35%', opacity: 0 }} />
      <Handle type="source" id="out-left" position={Position.Left} style={{ top: '70%', opacity: 0 }} />
      <Handle type="source" id="out-right" position={Position.Right} style={{ top: '35%', opacity: 0 }} />
      <Handle type="target" id="in-right" position={Position.Right} style={{ top: '70%', opacity: 0 }} />
      <Handle type="source" id="out-below" position={Position.Bottom} style={{ opacity: 0, left: '40%' }} />
      <Handle type="target" id="in-below" position={Position.Bottom} style={{ opacity: 0, left: '60%' }} />
      <strong>{pick(system.name)}</strong>
      <div>{pick(system.party_name)} · {pick(system.zone_name)}{system.instances > 1 && ` · ${t('topology.instances', { count: system.instances })}`}</div>
      {hosts && <div className="muted hosts">{hosts}</div>}
      <StateTag tone={NODE_TONES[system.state]}>{t(`topology.node.${system.state}`)}</StateTag>
      {system.software_seen_at && <div className="muted called">{t('topology.software')} <AgeBadge at={system.software_seen_at} /></div>}
    </div>
  )
}

/** Control runs below the graph, not through it. */
function BelowEdge({ sourceX, sourceY, targetX, targetY, data, style, markerEnd }: EdgeProps<FlowEdge>) {
  const low = (data?.floor ?? Math.max(sourceY, targetY)) + 24
  const path = `M${sourceX},${sourceY} C${sourceX},${low} ${sourceX},${low} ${(sourceX + targetX) / 2},${low} S${targetX},${low} ${targetX},${targetY}`
  return <LabelledEdge path={path} x={(sourceX + targetX) / 2} y={low} label={data?.row} style={style} markerEnd={markerEnd} />
}

/** From column to column, level where it passes one; the label stands on its first stretch or its last. */
function AcrossEdge({ sourceX, sourceY, targetX, targetY, data, style, markerEnd }: EdgeProps<FlowEdge>) {
  const stops = [{ x: sourceX, y: sourceY }, ...(data?.via ?? []), { x: targetX, y: targetY }]
  const curves = stops.slice(1).map((to, index) => curve(stops[index]!, to))
  const at = data?.at ?? 0.5
  const [x, y] = (at < 0.5 ? curves[0]! : curves.at(-1)!).map((points) => along(at, points))
  const path = `M${sourceX},${sourceY} ${curves.map(([xs, ys]) => `C${xs[1]},${ys[1]} ${xs[2]},${ys[2]} ${xs[3]},${ys[3]}`).join(' ')}`
  return <LabelledEdge path={path} x={x!} y={y!} label={data?.row} style={style} markerEnd={markerEnd} />
}

type Points = [number, number, number, number]

/** The four points of a curve that is level at both ends: across, and down. */
function curve(from: Place, to: Place): [Points, Points] {
  const bend = Math.min(Math.max(30, Math.abs(to.x - from.x) / 2), Math.abs(to.x - from.x)) * Math.sign(to.x - from.x || 1)
  return [[from.x, from.x + bend, to.x - bend, to.x], [from.y, from.y, to.y, to.y]]
}

/** Between two that stand one above the other, round the right of what is between them. */
function BesideEdge({ sourceX, sourceY, targetX, targetY, data, style, markerEnd }: EdgeProps<FlowEdge>) {
  const out = Math.max(sourceX, targetX) + (sourceY < targetY ? 46 : 74)
  const path = `M${sourceX},${sourceY} C${out},${sourceY} ${out},${targetY} ${targetX},${targetY}`
  const x = along(0.5, [sourceX, out, out, targetX])
  return <LabelledEdge path={path} x={x} y={(sourceY + targetY) / 2} label={data?.row} style={style} markerEnd={markerEnd} />
}

/** A point of a curve, as far along as told. */
function along(t: number, [from, first, second, to]: Points): number {
  return (1 - t) ** 3 * from + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t ** 2 * second + t ** 3 * to
}

interface LabelledProps { path: string; x: number; y: number; label: string | undefined; style: EdgeProps['style']; markerEnd: string | undefined }

function LabelledEdge({ path, x, y, label, style, markerEnd }: LabelledProps) {
  return (
    <>
      <BaseEdge path={path} style={style} markerEnd={markerEnd} interactionWidth={18} />
      <EdgeLabelRenderer><span className="edge-label" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>{label}</span></EdgeLabelRenderer>
    </>
  )
}

const NODE_TYPES = { system: SystemNode }
const EDGE_TYPES = { across: AcrossEdge, below: BelowEdge, beside: BesideEdge }
