import { graphlib, layout } from '@dagrejs/dagre'
import { MarkerType, type Edge, type Node } from '@xyflow/react'
import type { EdgeState, Topology, TopologyEdge, TopologyNode } from '../../api/types'

export type FlowNode = Node<{ system: TopologyNode }, 'system'>
export type FlowEdge = Edge<{ row: string; floor: number }>

const WIDTH = 184
const HEIGHT = 118
const COLOURS: Record<EdgeState, string> = { flowing: '#1f6b4a', idle: '#8fa3ab', waiting: '#b57400', refused: '#a5211a', broken: '#a5211a', not_run: '#c6d0d4', not_built: '#d9c9b0' }

export const FEW = 14
const COLUMN = WIDTH + 110
/** From the top of a system to that of the next below it: room for an English name of three lines. */
const LINE = HEIGHT + 92
/** A column with more than this stands in two, side by side, so that the whole stays readable. */
const TALLEST = 7

interface Drawn { nodes: FlowNode[]; edges: FlowEdge[]; height: number }
interface Place { x: number; y: number }

/** A few systems from left to right by who feeds whom; many as in the drawing of the plan. What goes back is drawn beside, control below. */
export function drawn(topology: Topology): Drawn {
  const many = topology.nodes.length > FEW
  const at = many ? asInThePlan(topology) : byWhoFeedsWhom(topology)
  const floor = Math.max(...topology.nodes.map(({ id }) => at(id).y)) + HEIGHT / 2
  const nodes = topology.nodes.map((system): FlowNode => ({
    id: system.id, type: 'system', data: { system }, position: { x: at(system.id).x - WIDTH / 2, y: at(system.id).y - HEIGHT / 2 }, draggable: false, connectable: false,
  }))
  const edges = topology.edges.map((edge, index) => flowEdge({ ...edge, control: edge.control && !many }, at(edge.source).x <= at(edge.target).x, floor + (index % 4) * 16))
  return { nodes, edges, height: floor }
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

function flowEdge(edge: TopologyEdge, rightward: boolean, floor: number): FlowEdge {
  const colour = COLOURS[edge.state]
  const handles = edge.control ? { sourceHandle: 'out-below', targetHandle: 'in-below' } : rightward ? { sourceHandle: 'out-right', targetHandle: 'in-left' } : { sourceHandle: 'out-left', targetHandle: 'in-right' }
  return {
    id: edge.id, source: edge.source, target: edge.target, type: edge.control ? 'below' : 'across', data: { row: edge.row, floor }, animated: edge.state === 'flowing', ...handles,
    style: { stroke: colour, strokeWidth: ['refused', 'broken'].includes(edge.state) ? 2.6 : 1.8, strokeDasharray: ['not_run', 'not_built', 'waiting', 'broken'].includes(edge.state) ? '3 5' : undefined },
    markerEnd: { type: MarkerType.ArrowClosed, color: colour }, ariaLabel: `${edge.row}: ${edge.source} → ${edge.target}`,
  }
}
