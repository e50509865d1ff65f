import { change, newIntention, type Query } from './client'
import { fact } from './queries'
import type { Instant, Page, Text } from './types'

export type ParkedState = 'parked' | 'replayed' | 'discarded'
export interface ParkedLetter {
  id: string; heard_at: Instant; sender: string; sender_name: Text; phrase: string; name: Text; bytes: number | null
  cause: 'unknown_version' | 'malformed' | 'oversize' | 'not_vouched' | 'nobody' | 'batch' | 'refused' | 'fault'; cause_text: Text; reason: string; state: ParkedState; state_text: Text
}

export const parkedQuery = (system: string, query: Query) => fact<Page<ParkedLetter>>(system, ['parked'], '/parked', query)
export const replayLetter = (system: string, letter: string) => change<ParkedLetter>('POST', `/${system}/api/parked/replays`, { letter }, newIntention())
export const discardLetter = (system: string, letter: string, reason: string) => change<ParkedLetter>('POST', `/${system}/api/parked/discards`, { letter, reason }, newIntention())
