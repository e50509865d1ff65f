import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type UrlState = Record<string, string | undefined>

/** The page's state in its address: time range, object, filters, paging. A value undefined leaves the address. */
export function useUrlState(): [UrlState, (patch: UrlState, replace?: boolean) => void] {
  const state = useSearch({ strict: false }) as UrlState
  const navigate = useNavigate()
  const set = useCallback(
    (patch: UrlState, replace = true) => {
      void navigate({ to: '.', search: ((previous: UrlState) => ({ ...previous, ...patch })) as never, replace, resetScroll: false })
    },
    [navigate],
  )
  return [state, set]
}

export function parseSearch(text: string): UrlState {
  return Object.fromEntries(new URLSearchParams(text))
}

export function stringifySearch(state: Record<string, unknown>): string {
  const given = Object.entries(state).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text ? `?${text}` : ''
}
