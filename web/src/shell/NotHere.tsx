import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Empty, Failure } from '../design/StateView'

export function NotHere() {
  const { t } = useTranslation()
  return <main className="lonely"><Empty reason={t('state.no_page')}><Link to="/">{t('shell.start')}</Link></Empty></main>
}

export function PageFailure({ error, reset }: ErrorComponentProps) {
  return <main className="lonely"><Failure error={error} onRetry={reset} /></main>
}
