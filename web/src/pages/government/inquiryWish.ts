import type { About, InquiryQuestion, Purpose, Question } from '../../api/views'
import { isDay } from '../../design/DayField'
import { shanghai } from '../../design/format'
import { hasArea, type AreaEntry } from '../company/noticeEntry'

const DAYS = 90

/** What stands in the form of a new request. */
export interface Wish extends AreaEntry { service: About; what: Question; purpose: Purpose; first_day: string; last_day: string; reason: string; legal_basis: string; until: string }
export const PREMISES = 'community'

export function firstWish(question: InquiryQuestion, now: number): Wish {
  const today = shanghai(now)
  return {
    service: question.services[0]!, what: question.what, purpose: question.purposes[0]!.id, first_day: today.subtract(7, 'day').format('YYYY-MM-DD'), last_day: today.subtract(1, 'day').format('YYYY-MM-DD'),
    reason: '', legal_basis: '', until: today.add(DAYS, 'day').format('YYYY-MM-DD'), area: 'city', places: [], polygons: [],
  }
}

/** What comes with another question: a medium and a purpose it may be asked for, and of premises one community instead of an area. */
export function asking(question: InquiryQuestion, before: Wish): Partial<Wish> {
  const service = question.services.includes(before.service) ? before.service : question.services[0]!
  const purpose = question.purposes.find(({ id }) => id === before.purpose) ?? question.purposes[0]!
  const moved = (service === PREMISES) !== (before.service === PREMISES)
  return { what: question.what, service, purpose: purpose.id, ...(moved && { area: service === PREMISES ? 'places' : 'city', places: [], polygons: [] }) }
}

/** What is still needed before it can be sent, by the key of its name. */
export function missingIn(wish: Wish, question: InquiryQuestion) {
  const days = (['first_day', 'last_day', 'until'] as const).filter((name) => !isDay(wish[name]))
  return [
    ...(wish.service === PREMISES && !hasArea(wish) ? ['view.of_community' as const] : []),
    ...days.map((name) => `view.${name}` as const),
    ...(days.length === 0 && wish.last_day < wish.first_day ? ['view.last_after_first' as const] : []),
    ...(question.is_personal && wish.legal_basis.trim() === '' ? ['view.basis' as const] : []),
    ...(wish.reason.trim() === '' ? ['view.reason' as const] : []),
    ...(wish.service !== PREMISES && !hasArea(wish) ? ['notice.where' as const] : []),
  ]
}
