import { change, type Query } from './client'
import { fact } from './queries'
import type { Instant, Page } from './types'

export type GatewayPer = 'home' | 'community' | 'building' | 'charging_station'
export interface GatewayRow {
  per: GatewayPer; name: string; place: string; login: string; has_credential: boolean
  issued_at: Instant | null; issued_by: string | null; revoked_at: Instant | null; came_in_at: Instant | null; heard_at: Instant | null
}
export interface GatewayGiven { per: GatewayPer; name: string; place: string; household?: string }
export interface CredentialDrawn { per: GatewayPer; name: string; login: string; secret: string }

/** The capability that vouches for gateways, and so names the systems that have some. */
export const ADMISSION = 'admission'

export const gatewaysQuery = (system: string, query: Query) => ({ ...fact<Page<GatewayRow>>(system, ['gateways'], '/gateways', query), refetchInterval: 10_000 })
export const enrolGateway = (system: string, given: GatewayGiven) => change<GatewayRow>('POST', `/${system}/api/gateways`, given)
export const drawCredential = (system: string, { per, name }: GatewayRow) => change<CredentialDrawn>('POST', `${path(system, per, name)}/credential`)
export const revokeCredential = (system: string, { per, name }: GatewayRow) => change<GatewayRow>('POST', `${path(system, per, name)}/revocation`)

const path = (system: string, per: string, name: string) => `/${system}/api/gateways/${per}/${encodeURIComponent(name)}`
