import { EllipsisOutlined } from '@ant-design/icons'
import { useLocation, useParams } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Session } from '../api/types'
import { useEntries, type Entry } from './entries'
import { EntryLink, isOpen, Unread } from './Navigation'

const MOST = 5

/** The pages at the bottom of a phone: at most five, or four and the rest behind "More". */
export function Tabs({ session }: { session: Session }) {
  const { t } = useTranslation()
  const { account } = useParams({ strict: false })
  const [shown, rest] = shared(useEntries(session, account ?? session.households[0]))
  return (
    <nav className="shell-tabs" aria-label={t('shell.tabs')}>
      {shown.map((entry) => <EntryLink key={entry.href} entry={{ ...entry, text: entry.tab ?? entry.text }} />)}
      {rest.length > 0 && <More entries={rest} />}
    </nav>
  )
}

/** Opened by a press; closed by another, by Escape, by a choice, or by looking elsewhere. */
function More({ entries }: { entries: Entry[] }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const [open, setOpen] = useState(false)
  const id = useId()
  const whole = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const unread = entries.reduce((sum, entry) => sum + (entry.unread ?? 0), 0)
  const current = entries.find((entry) => isOpen(entry, pathname))
  useEffect(() => {
    if (!open) return
    const elsewhere = (event: Event) => { if (!whole.current?.contains(event.target as Node)) setOpen(false) }
    document.addEventListener('pointerdown', elsewhere)
    document.addEventListener('focusin', elsewhere)
    return () => {
      document.removeEventListener('pointerdown', elsewhere)
      document.removeEventListener('focusin', elsewhere)
    }
  }, [open])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return
    setOpen(false)
    button.current?.focus()
  }
  return (
    <div ref={whole} className="shell-more" onKeyDown={onKeyDown}>
      <button ref={button} type="button" aria-expanded={open} aria-controls={id} className={current ? 'is-current' : undefined} onClick={() => setOpen(!open)}>
        <span aria-hidden="true"><EllipsisOutlined /></span>
        <span>{t('shell.more')}</span>
        {unread > 0 && !open && <Unread count={unread} />}
      </button>
      <ul id={id} hidden={!open}>{entries.map((entry) => <li key={entry.href}><EntryLink entry={entry} onClick={() => setOpen(false)} /></li>)}</ul>
    </div>
  )
}

/** What stands in the bar, and what waits behind "More": those seldom needed first, then the last ones. */
function shared(entries: Entry[]): [Entry[], Entry[]] {
  if (entries.length <= MOST) return [entries, []]
  const shown = entries.filter(({ seldom }) => !seldom).slice(0, MOST - 1)
  return [shown, entries.filter((entry) => !shown.includes(entry))]
}
