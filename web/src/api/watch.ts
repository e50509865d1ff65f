import type { Query } from './client'
import { fact } from './queries'
import type { Instant, Page, Service, Text } from './types'

export interface WatchedRow {
  id: string
  what: 'alarm' | 'anomaly'
  what_text: Text
  kind: string
  kind_text: Text
  state: 'raised' | 'cleared' | 'found' | 'over'
  state_text: Text
  is_open: boolean
  service: Service | null
  where: Text
  detail: Text
  began_at: Instant
  heard_at: Instant
  acknowledged_by: string | null
  acknowledged_at: Instant | null
}

export const watchQuery = (system: string, query: Query) => fact<Page<WatchedRow>>(system, ['alarms'], '/watch', query)
