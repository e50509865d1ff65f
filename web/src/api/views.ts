import { fact, PLATFORM } from './queries'
import type { Query } from './client'
import type { AreaMap, Instant, NoticeArea, Page, Service, Text } from './types'

export type Question = 'usage_by_day' | 'silent_meters' | 'household_usage' | 'bills_by_month' | 'household_bills' | 'payments_by_month' | 'charging_by_day' | 'camera_view' | 'access_records'
/** What a request is about: a medium, or a community's premises. */
export type About = Service | 'community'
export type Purpose = 'planning' | 'statistics' | 'supervision' | 'emergency' | 'investigation'
export type InquiryState = 'asked' | 'approved' | 'refused' | 'revoked' | 'withdrawn' | 'expired'
export type DisclosureState = 'waiting' | 'half_approved' | 'approved' | 'refused' | 'withdrawn' | 'revoked' | 'lapsed'

interface Asked { what: Question; what_text: Text; service: About; purpose: Purpose; purpose_text: Text; first_day: string; last_day: string; is_personal: boolean }
export interface InquiryRow extends Asked { id: string; state: InquiryState; state_text: Text; asked_by: string; asked_at: Instant; decided_at: Instant | null; expires_at: Instant }
export interface Inquiry extends InquiryRow { area: NoticeArea; reason: string; legal_basis: string; decision_reason: string | null; pages: number; came: number; is_readable: boolean; forgotten_at: Instant | null; as_of: Instant }
export interface InquiryQuestion { what: Question; name: Text; services: About[]; purposes: { id: Purpose; name: Text }[]; is_personal: boolean }
export interface AnswerRow { period: string; measure: string; measure_text: Text; category: string | null; category_text: Text | null; subject: string | null; value: string | null; unit: string; subjects: number | null; is_suppressed: boolean }
export interface DisclosureRow extends Asked {
  id: string; asker: string; party: string; party_name: Text; state: DisclosureState; state_text: Text; requested_by: string; heard_at: Instant; decided_by: string | null; decided_at: Instant | null; expires_at: Instant
}
export interface Disclosure extends DisclosureRow {
  area: NoticeArea; reason: string; legal_basis: string; decision_reason: string | null; first_by: string | null; first_at: Instant | null; points: number; pages: number; rows: number; suppressed: number; as_of: Instant
}
export interface Provision {
  id: string; given_at: Instant; party_name: Text; receiver: string; giver: string; what: string; what_text: Text; fields: string; fields_text: Text; rows: number; subjects: number; agreement: string; purpose: string; purpose_text: Text
  legal_basis: string; allowed_by: string; ends_at: Instant | null; withheld_at: Instant | null
}
export interface ConsentOffer {
  receiver: string; receiver_name: Text; message: string; message_text: Text; purpose: string; purpose_text: Text; is_connected: boolean; state: 'given' | 'withdrawn' | null
  history: { state: 'given' | 'withdrawn'; state_text: Text; changed_at: Instant; changed_by: string }[]
}

const one = encodeURIComponent
export const inquiriesQuery = (system: string, query: Query) => fact<Page<InquiryRow>>(system, ['inquiries'], '/inquiries', query)
export const inquiryQuery = (system: string, id: string) => fact<Inquiry>(system, ['inquiries'], `/inquiries/${one(id)}`)
export const answerQuery = (system: string, id: string, query: Query) => fact<Page<AnswerRow>>(system, ['inquiries'], `/inquiries/${one(id)}/answer`, query)
export const inquiryAreasQuery = (system: string) => fact<AreaMap>(system, [], '/inquiry-areas')
export const inquiryQuestionsQuery = (system: string) => fact<{ questions: InquiryQuestion[] }>(system, [], '/inquiry-questions')
export const disclosuresQuery = (system: string, query: Query) => fact<Page<DisclosureRow>>(system, ['disclosures'], '/disclosures', query)
export const disclosureQuery = (system: string, asker: string, id: string) => fact<Disclosure>(system, ['disclosures'], `/disclosures/${one(asker)}/${one(id)}`)
export const provisionsQuery = (system: string, query: Query) => fact<Page<Provision>>(system, ['disclosures', 'provisions'], '/provisions', query)
export const consentsQuery = (account: string) => fact<{ offers: ConsentOffer[] }>(PLATFORM, ['consents'], `/households/${one(account)}/consents`)
export const accessesQuery = (account: string, query: Query) => fact<Page<Provision>>(PLATFORM, ['provisions'], `/households/${one(account)}/accesses`, query)
