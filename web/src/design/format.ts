import dayjs, { type Dayjs } from 'dayjs'
import utc from 'dayjs/plugin/utc'
import type { Language, Service, Text, Publisher } from '../api/types'

dayjs.extend(utc)

export const MISSING = '—'
export const COLOURS: Record<Service, string> = { electricity: '#d98e04', water: '#2b83ba', gas: '#c8521f', heat: '#8a5a83' }
/** Of those who announce what is of no medium. */
export const PUBLISHERS: Record<Publisher, string> = { government: '#4a5a8a', community: '#7a5c2e', building: '#6b4f7a' }
const SHANGHAI_MINUTES = 480
const UNIT_NAMES: Record<string, string> = { m3: 'm³', 'm3/h': 'm³/h', kgCO2: 'kg CO₂', CNY: '¥', '1': '' }
const DIGITS: Record<string, number> = { kWh: 2, kW: 2, m3: 3, 'm3/h': 3, '%': 1, kgCO2: 1, V: 1, A: 2, s: 1, CNY: 2, '1': 0 }

/** All of the site shows Shanghai time, whatever the browser's zone is. */
export const shanghai = (instant: string | number): Dayjs => dayjs(instant).utcOffset(SHANGHAI_MINUTES)
/** When a business date begins. */
export const midnight = (date: string): string => `${date}T00:00:00+08:00`
export const dateText = (instant: string): string => shanghai(instant).format('YYYY-MM-DD')
export const instantText = (instant: string): string => shanghai(instant).format('YYYY-MM-DD HH:mm')
export const clockText = (instant: string): string => shanghai(instant).format('HH:mm')
export const secondsText = (instant: string): string => shanghai(instant).format('YYYY-MM-DD HH:mm:ss')

export const pick = (text: Text, language: Language): string => text[language]
export const unitText = (unit: string): string => UNIT_NAMES[unit] ?? unit

/** Thousands separated, to the digits its unit is read with; null is the dash, never zero. */
export function numberText(value: string | number | null | undefined, unit = '', digits = DIGITS[unit] ?? 2): string {
  if (value === null || value === undefined || value === '') return MISSING
  const number = Number(value)
  if (!Number.isFinite(number)) return MISSING
  return new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(number)
}

/** An exact decimal with its unit, without the zeros that say nothing: `20.59 kWh`, `¥ 7.50`. */
export function amountText(value: string | null, unit: string): string {
  if (value === null) return MISSING
  const [whole = '0', fraction = ''] = value.split('.')
  const kept = fraction.replace(/0+$/, '').padEnd(DIGITS[unit] ?? 0, '0')
  const text = exactText(kept ? `${whole}.${kept}` : whole)
  return unit === 'CNY' ? `¥ ${text}` : `${text} ${unitText(unit)}`.trim()
}

/** An exact decimal as the meter or tariff says it: every digit kept, thousands separated. */
export function exactText(value: string | null): string {
  if (value === null) return MISSING
  const [whole = '0', fraction] = value.split('.')
  const sign = whole.startsWith('-') ? '-' : ''
  const grouped = whole.replace('-', '').replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${grouped}${fraction ? `.${fraction}` : ''}`
}

/** Integer fen as `¥ 1,234.50`, without going through floating point. */
export function moneyText(fen: number | null, signed = false): string {
  if (fen === null) return MISSING
  const amount = Math.abs(fen)
  const yuan = String(Math.floor(amount / 100)).replace(/\B(?=(\d{3})+$)/g, ',')
  const sign = fen < 0 ? '−' : signed && fen > 0 ? '+' : ''
  return `${sign}¥ ${yuan}.${String(amount % 100).padStart(2, '0')}`
}

/** What a person typed as yuan in integer fen, without going through floating point; null when it is no amount above zero. */
export function fenOf(text: string): number | null {
  const parts = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim())
  const fen = parts ? Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0')) : 0
  return fen > 0 ? fen : null
}

export interface Age { amount: number; unit: 'second' | 'minute' | 'hour' | 'day' }

export function ageOf(instant: string, now: number): Age {
  const seconds = Math.max(0, Math.round((now - dayjs(instant).valueOf()) / 1000))
  if (seconds < 60) return { amount: seconds, unit: 'second' }
  if (seconds < 3600) return { amount: Math.floor(seconds / 60), unit: 'minute' }
  if (seconds < 172_800) return { amount: Math.floor(seconds / 3600), unit: 'hour' }
  return { amount: Math.floor(seconds / 86_400), unit: 'day' }
}

export function ageText(age: Age, language: Language): string {
  const words = new Intl.RelativeTimeFormat(language === 'zh' ? 'zh-CN' : 'en', { numeric: 'always' })
  return words.format(-age.amount, age.unit)
}
