import type { UseQueryResult } from '@tanstack/react-query'
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { usePick } from './preferences'

interface Props<T> {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
  /** Height of what is to come, so that nothing jumps. */
  height?: number
  /** The reason there is nothing to show, or null when there is something. */
  empty?: (data: T) => string | null
}

/** Loading as a skeleton, empty with its reason, error with its remedy and a retry; never zeros before data. */
export function StateView<T>({ query, children, height = 160, empty }: Props<T>) {
  if (query.data !== undefined) {
    const reason = empty?.(query.data) ?? null
    return reason === null ? <>{children(query.data)}</> : <Empty reason={reason} />
  }
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton height={height} />
}

export function Skeleton({ height = 160 }: { height?: number }) {
  const { t } = useTranslation()
  return (
    <div className="skeleton" style={{ minHeight: height }} role="status" aria-label={t('state.loading')}>
      <span style={{ width: '42%' }} />
      <span style={{ width: '78%' }} />
      <span style={{ width: '64%' }} />
    </div>
  )
}

export function Empty({ reason, children }: { reason: string; children?: ReactNode }) {
  return (
    <div className="state">
      <svg width="44" height="44" viewBox="0 0 44 44" aria-hidden="true">
        <circle cx="22" cy="22" r="20" fill="none" stroke="currentColor" strokeDasharray="4 5" strokeWidth="2" />
        <path d="M14 26h16M14 20h10" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      </svg>
      <p>{reason}</p>
      {children}
    </div>
  )
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const said = useSaid(error)
  return (
    <div className="state state-error" role="alert">
      <svg width="44" height="44" viewBox="0 0 44 44" aria-hidden="true">
        <path d="M22 5 41 38H3z" fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
        <path d="M22 17v10M22 32v.5" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
      </svg>
      <p><strong>{said.message}</strong></p>
      {said.remedy && <p className="muted">{said.remedy}</p>}
      {said.faults.length > 0 && <ul>{said.faults.map((fault) => <li key={fault}>{fault}</li>)}</ul>}
      {onRetry && <Button onClick={onRetry}>{t('state.retry')}</Button>}
    </div>
  )
}

/** What an error says to a person in the chosen language. */
export function useSaid(error: unknown): { message: string; remedy: string; faults: string[] } {
  const { t, i18n } = useTranslation()
  const pick = usePick()
  if (!(error instanceof ApiError)) return { message: t('state.failed'), remedy: t('state.failed_remedy'), faults: [] }
  const faults = error.body.faults.map((fault) => `${fault.where}: ${i18n.language === 'zh' ? fault.what_zh : fault.what_en}`)
  return { message: pick(error.message_text), remedy: pick(error.remedy_text), faults }
}
