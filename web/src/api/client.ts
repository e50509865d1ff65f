import { learnHomes, learnPlaces, located } from './places'
import type { ErrorBody, Session, Site, Text } from './types'

/** What the server said instead of an answer, in both languages. */
export class ApiError extends Error {
  readonly status: number
  readonly body: ErrorBody

  constructor(status: number, body: ErrorBody) {
    super(body.message_en)
    this.status = status
    this.body = body
  }

  get message_text(): Text {
    return { zh: this.body.message_zh, en: this.body.message_en }
  }

  get remedy_text(): Text {
    return { zh: this.body.remedy_zh, en: this.body.remedy_en }
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return send<T>('GET', address(path, query), { signal })
}

export async function change<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { 'X-Metropool-CSRF': await csrfToken() }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (key) headers['Idempotency-Key'] = key
  return send<T>(method, address(path), { headers, body: body === undefined ? undefined : JSON.stringify(body) })
}

/** The address of a GET with its parameters, at whoever hosts what is asked; empty ones are left out. Used for exports and documents too. */
export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text ? `${located(path)}?${text}` : located(path)
}

/** One key per intention: a retry of the same click must carry the same key. */
export function newIntention(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What every page needs to know first; with it, where everything is. */
export async function getSite(): Promise<Site> {
  const site = await get<Site>('/api/site')
  learnPlaces(site)
  return site
}

/** Who is signed in; with it, who is there for their homes. */
export async function getSession(): Promise<Session | null> {
  return learned(await get<Session | null>('/api/session'))
}

/** What a session says of the person's homes is known from now on. */
export function learned<S extends Session | null>(session: S): S {
  learnHomes(session)
  return session
}

/** The token this browser must echo; who is quicker than the page that brings it asks for it first. */
async function csrfToken(): Promise<string> {
  if (!cookie('metropool_csrf')) await getSite()
  return cookie('metropool_csrf')
}

async function send<T>(method: string, path: string, init: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { ...init, method, credentials: 'same-origin', headers: { Accept: 'application/json', ...init.headers } })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, unreachable)
  }
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new ApiError(response.status, bodyOf(answer, response.status))
  return answer as T
}

function bodyOf(answer: unknown, status: number): ErrorBody {
  const error = (answer as { error?: ErrorBody } | null)?.error
  return error ?? { ...unreachable, kind: 'internal', message_zh: `服务器出错（${status}）。`, message_en: `The server failed (${status}).` }
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`))
  return found ? decodeURIComponent(found.slice(name.length + 1)) : ''
}

const unreachable: ErrorBody = {
  kind: 'unavailable',
  key: 'site.unreachable',
  message_zh: '连接不上服务器。',
  message_en: 'The server cannot be reached.',
  remedy_zh: '请检查网络后重试。',
  remedy_en: 'Check the connection and try again.',
  faults: [],
}
