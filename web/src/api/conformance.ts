import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, type Query } from './client'
import type { Instant, Page, Text } from './types'

export type FlowStatus = 'works' | 'not built' | 'failed'
export interface ConformanceFlow {
  row: string; direction: 'up' | 'down'; message: string; name: Text; sender: string; sender_name: Text; receiver: string; receiver_name: Text
  status: FlowStatus; delay_ms: number | null; evidence: string | null; why: Text | null; src: 'paper' | 'inferred' | 'product'
}
export interface FlowCounts { works: number; not_built: number; failed: number }
export interface Conformance {
  plan: string; at: Instant; took_s: number; is_sound: boolean; paper: FlowCounts; others: FlowCounts; tried: number; refused: number; controls: number; let_through: number
  doors: { door: string; tried: number; refused: number }[]; flows: ConformanceFlow[]
}

/** A run ends somewhere else, in a process of its own: what it kept is looked for again and again. */
const AGAIN_MS = 15_000
export const conformanceQuery = (plan: string | undefined) =>
  queryOptions({ queryKey: ['conformance', plan ?? ''], queryFn: () => get<Conformance | null>('/api/conformance', { plan }), refetchInterval: AGAIN_MS })
export const flowsQuery = (query: Query) =>
  queryOptions({ queryKey: ['conformance', 'flows', query], queryFn: () => get<Page<ConformanceFlow>>('/api/conformance/flows', query), placeholderData: keepPreviousData, refetchInterval: AGAIN_MS })
