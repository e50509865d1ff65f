import { queryOptions } from '@tanstack/react-query'
import { get, type Query } from './client'
import { fact } from './queries'
import type { Instant, Page, Service, Text } from './types'

export interface AuditRow { number: number; at: Instant; actor: string; action: string; called: Text; object: string; outcome: string; correlation: string; details: string; hash: string }
export interface AuditChain { as_of: Instant; rows: number; right: number; fault: Text | null }
export interface WhyStep { kind: 'login' | 'grant' | 'system' | 'row' | 'consent' | 'broker'; holds: boolean; text: Text }
export interface Why { can: boolean; verdict: Text; steps: WhyStep[] }
interface Named { id: string; name: Text }
export interface WhyChoices { people: string[]; actions: Named[]; systems: Named[]; messages: Named[] }
export interface CustomerRow { account_number: string; name: string; address: string; category: string; category_text: Text; tariff: Text; usage_point: string; account: string | null; valid_from: string; valid_to: string | null }
export interface CustomerReading { day: string; usage_point: string; meter_number: string; kind_name: Text; register_start: string | null; register_end: string | null; quantity: string | null; unit: string; is_estimated: boolean; version: number }
export interface DataRequest {
  id: string; service: Service; state: 'complete' | 'partly' | 'waiting'; state_text: Text; first_day: string; last_day: string; usage_points: number; wanted: number; held: number; held_before: number; reason: string; asked_by: string; asked_at: Instant
}

const one = encodeURIComponent
export const auditQuery = (system: string, query: Query) => fact<Page<AuditRow>>(system, [], '/audit', query)
export const chainQuery = (system: string) => fact<AuditChain>(system, [], '/audit/chain')
export const customersQuery = (system: string, query: Query) => fact<Page<CustomerRow>>(system, ['bills'], '/customers', query)
export const customerReadingsQuery = (system: string, point: string, query: Query) => fact<Page<CustomerReading>>(system, ['bills'], `/customers/${one(point)}/readings`, query)
export const dataRequestsQuery = (system: string, query: Query) => fact<Page<DataRequest>>(system, ['data_requests'], '/data-requests', query)
export const whyChoicesQuery = queryOptions({ queryKey: ['why'], queryFn: () => get<WhyChoices>('/api/permissions/choices') })
export const whyPersonQuery = (login: string, query: Query) => queryOptions({ queryKey: ['why', login, query], queryFn: () => get<Why>(`/api/permissions/people/${one(login)}`, query) })
export const whySystemQuery = (system: string, message: string) => queryOptions({ queryKey: ['why', system, message], queryFn: () => get<Why>(`/api/permissions/systems/${one(system)}`, { message }) })
