import { graphlib, layout } from '@dagrejs/dagre'
import { MarkerType, type Edge, type Node } from '@xyflow/react'
import type { EdgeState, Topology, TopologyEdge, TopologyNode } from '../../api/types'

export type FlowNode = Node<{ system: TopologyNode }, 'system'>
export type FlowEdge = Edge<{ row: string; floor: number }>

const WIDTH = 184
const HEIGHT = 118
const COLOURS: Record<EdgeState, string> = { flowing: '#1f6b4a', idle: '#8fa3ab', silent: '#b57400', refused: '#a5211a', not_run: '#c6d0d4' }

/** Systems from left to right by who feeds whom; what goes back is drawn beside it, control below. */
export function drawn(topology: Topology): { nodes: FlowNode[]; edges: FlowEdge[] } {
  const graph = new graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 30, ranksep: 96, marginx: 16, marginy: 16 }).setDefaultEdgeLabel(() => ({}))
  for (const { id } of topology.nodes) graph.setNode(id, { width: WIDTH, height: HEIGHT })
  for (const edge of topology.edges.filter(({ control }) => !control)) {
    const [left, right] = edge.direction === 'up' ? [edge.source, edge.target] : [edge.target, edge.source]
    graph.setEdge(left, right)
  }
  layout(graph)
  const at = (id: string): { x: number; y: number } => graph.node(id)
  const floor = Math.max(...topology.nodes.map(({ id }) => at(id).y)) + HEIGHT / 2
  const nodes = topology.nodes.map((system): FlowNode => ({
    id: system.id, type: 'system', data: { system }, position: { x: at(system.id).x - WIDTH / 2, y: at(system.id).y - HEIGHT / 2 }, draggable: false, connectable: false,
  }))
  const edges = topology.edges.map((edge, index) => flowEdge(edge, at(edge.source).x <= at(edge.target).x, floor + (index % 4) * 16))
  return { nodes, edges }
}

function flowEdge(edge: TopologyEdge, rightward: boolean, floor: number): FlowEdge {
  const colour = COLOURS[edge.state]
  const handles = edge.control ? { sourceHandle: 'out-below', targetHandle: 'in-below' } : rightward ? { sourceHandle: 'out-right', targetHandle: 'in-left' } : { sourceHandle: 'out-left', targetHandle: 'in-right' }
  return {
    id: edge.id, source: edge.source, target: edge.target, type: edge.control ? 'below' : 'across', data: { row: edge.row, floor }, animated: edge.state === 'flowing', ...handles,
    style: { stroke: colour, strokeWidth: edge.state === 'refused' ? 2.6 : 1.8, strokeDasharray: edge.state === 'not_run' || edge.state === 'silent' ? '3 5' : undefined },
    markerEnd: { type: MarkerType.ArrowClosed, color: colour }, ariaLabel: `${edge.row}: ${edge.source} → ${edge.target}`,
  }
}
