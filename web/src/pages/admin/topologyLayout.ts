import { graphlib, layout } from '@dagrejs/dagre'
import { MarkerType, type Edge, type Node } from '@xyflow/react'
import type { EdgeState, Topology, TopologyEdge, TopologyNode } from '../../api/types'
import { Routes, type Place } from './topologyRoutes'

export type FlowNode = Node<{ system: TopologyNode }, 'system'>
/** `at`: where on its way the label stands, so that those of one system with many links do not lie on one another; `via`: where it passes columns. */
export type FlowEdge = Edge<{ row: string; floor: number; at: number; via: Place[] }>

const WIDTH = 184
const HEIGHT = 118
/** Half of a system, with a name of five lines. */
const HALF = { width: WIDTH / 2, height: HEIGHT / 2 + 30 }
const COLOURS: Record<EdgeState, string> = { flowing: '#1f6b4a', idle: '#8fa3ab', uncounted: '#8fa3ab', waiting: '#b57400', refused: '#a5211a', broken: '#a5211a', not_run: '#8fa3ab', not_built: '#b79a63' }

export const FEW = 14
const COLUMN = WIDTH + 84
/** From the top of a system to that of the next below it: room for an English name of three lines. */
const LINE = HEIGHT + 92
/** A column with more than this stands in two, side by side, so that the whole stays readable. */
const TALLEST = 7
/** A third of the way from the end with fewer links. */
const LABEL_AT = 0.32

/** `beyond`: two of the last column are joined, to the right of it. */
interface Drawn { nodes: FlowNode[]; edges: FlowEdge[]; width: number; height: number; beyond: boolean }

/** Who says or hears something here, and who does not: only the first have a place in the picture. */
export function linked({ nodes, edges }: Topology): { linked: TopologyNode[]; alone: TopologyNode[] } {
  const ends = new Set(edges.flatMap(({ source, target }) => [source, target]))
  return { linked: nodes.filter(({ id }) => ends.has(id)), alone: nodes.filter(({ id }) => !ends.has(id)) }
}

/** A few systems from left to right by who feeds whom; many as in the drawing of the plan. What goes back is drawn beside, control below. */
export function drawn(topology: Topology): Drawn {
  const many = topology.nodes.length > FEW
  const at = many ? asInThePlan(topology) : byWhoFeedsWhom(topology)
  const [xs, ys] = [topology.nodes.map(({ id }) => at(id).x), topology.nodes.map(({ id }) => at(id).y)]
  const floor = Math.max(...ys) + HEIGHT / 2
  const nodes = topology.nodes.map((system): FlowNode => ({
    id: system.id, type: 'system', data: { system }, position: { x: at(system.id).x - WIDTH / 2, y: at(system.id).y - HEIGHT / 2 }, draggable: false, connectable: false,
  }))
  const links = (id: string) => topology.edges.filter(({ source, target }) => source === id || target === id).length
  const routes = new Routes(topology.nodes.map(({ id }) => ({ ...at(id), half: HALF })))
  const edges = topology.edges.map((edge, index) => {
    const drawing = { ...edge, control: edge.control && !many }
    const data = { row: edge.row, floor: floor + (index % 4) * 16, at: links(edge.source) > links(edge.target) ? 1 - LABEL_AT : LABEL_AT, via: many ? routes.via(at(edge.source), at(edge.target)) : [] }
    return flowEdge(drawing, at(edge.target).x - at(edge.source).x, data)
  })
  const beyond = edges.some(({ type, source }) => type === 'beside' && at(source).x === Math.max(...xs))
  return { nodes, edges, beyond, width: Math.max(...xs) - Math.min(...xs) + WIDTH, height: floor - Math.min(...ys) + HEIGHT / 2 }
}

/** The columns and the order of the drawing of the plan, each column in the middle of the height. */
function asInThePlan(topology: Topology): (id: string) => Place {
  const places = new Map<string, Place>()
  let x = 0
  for (const column of [...new Set(topology.nodes.map((node) => node.column))].sort((a, b) => a - b)) {
    const nodes = topology.nodes.filter((node) => node.column === column).sort((a, b) => a.top - b.top)
    const beside = nodes.length > TALLEST ? 2 : 1
    nodes.forEach(({ id }, index) => places.set(id, { x: x + (index % beside) * COLUMN, y: (index - (nodes.length - 1) / 2) * (LINE / beside) }))
    x += beside * COLUMN
  }
  const highest = Math.min(...[...places.values()].map(({ y }) => y))
  return (id) => ({ x: places.get(id)?.x ?? 0, y: (places.get(id)?.y ?? 0) - highest + HEIGHT / 2 })
}

function byWhoFeedsWhom(topology: Topology): (id: string) => Place {
  const graph = new graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 30, ranksep: 96, marginx: 16, marginy: 16 }).setDefaultEdgeLabel(() => ({}))
  for (const { id } of topology.nodes) graph.setNode(id, { width: WIDTH, height: HEIGHT })
  for (const edge of topology.edges.filter(({ control }) => !control)) {
    const [left, right] = edge.direction === 'up' ? [edge.source, edge.target] : [edge.target, edge.source]
    graph.setEdge(left, right)
  }
  layout(graph)
  return (id) => graph.node(id)
}

function flowEdge(edge: TopologyEdge, rightward: number, data: FlowEdge['data']): FlowEdge {
  const colour = COLOURS[edge.state]
  return {
    id: edge.id, source: edge.source, target: edge.target, type: edge.control ? 'below' : rightward === 0 ? 'beside' : 'across', data, animated: edge.state === 'flowing', ...handles(edge, rightward),
    style: { stroke: colour, strokeWidth: ['refused', 'broken'].includes(edge.state) ? 2.6 : 1.8, strokeDasharray: ['not_run', 'not_built', 'waiting', 'broken'].includes(edge.state) ? '3 5' : undefined },
    markerEnd: { type: MarkerType.ArrowClosed, color: colour },
  }
}

function handles({ control }: TopologyEdge, rightward: number) {
  if (control) return { sourceHandle: 'out-below', targetHandle: 'in-below' }
  if (rightward === 0) return { sourceHandle: 'out-right', targetHandle: 'in-right' }
  return rightward > 0 ? { sourceHandle: 'out-right', targetHandle: 'in-left' } : { sourceHandle: 'out-left', targetHandle: 'in-right' }
}
