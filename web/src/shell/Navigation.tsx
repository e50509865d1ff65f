import { Link, useLocation, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Session } from '../api/types'
import { useEntries, type Entry } from './entries'

/** The pages a role may reach, all of them, where there is room. */
export function Navigation({ session, className }: { session: Session; className: string }) {
  const { t } = useTranslation()
  const { account } = useParams({ strict: false })
  const entries = useEntries(session, account ?? session.households[0])
  return <nav className={className} aria-label={t('shell.pages')}>{entries.map((entry) => <EntryLink key={entry.href} entry={entry} />)}</nav>
}

/** A page by name and picture, marked when it is open. */
export function EntryLink({ entry, onClick }: { entry: Entry; onClick?: () => void }) {
  const { pathname } = useLocation()
  return (
    <Link to={entry.href} aria-current={isOpen(entry, pathname) ? 'page' : undefined} onClick={onClick}>
      <span aria-hidden="true">{entry.icon}</span>
      <span>{entry.text}</span>
      {!!entry.unread && <Unread count={entry.unread} />}
    </Link>
  )
}

export function Unread({ count }: { count: number }) {
  const { t } = useTranslation()
  return <span className="unread" aria-label={t('notice.unread', { count })}>{count > 99 ? '99+' : count}</span>
}

export const isOpen = ({ href, section = href }: Entry, pathname: string): boolean => pathname.startsWith(section)
