import { useEffect, useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { AgeBadge } from './AgeBadge'
import { instantText } from './format'

interface Props {
  title: string
  /** The question the page answers and how to read it. */
  help?: string
  as_of?: string | null
  actions?: ReactNode
  before?: ReactNode
  children: ReactNode
}

/** Every page: its title, how old what it shows is, help, and the actions at the right. */
export function PageFrame({ title, help, as_of, actions, before, children }: Props) {
  const { t } = useTranslation()
  const [helping, setHelping] = useState(false)
  const help_id = useId()
  useEffect(() => { document.title = `${title} · Metropool` }, [title])
  return (
    <div className="page">
      <header className="page-head">
        <div>
          {before}
          <h1>
            {title}
            {help && (
              <button type="button" className="help-button" aria-expanded={helping} aria-controls={help_id} aria-label={t('state.help')} onClick={() => setHelping(!helping)}>?</button>
            )}
          </h1>
          {as_of && <p className="page-as-of">{t('data.as_of', { time: instantText(as_of) })} <AgeBadge at={as_of} /></p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {help && <p id={help_id} className="help" hidden={!helping}>{help}</p>}
      {children}
    </div>
  )
}

/** A titled card of a page. */
export function Card({ title, extra, children, className = '' }: { title?: ReactNode; extra?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`card ${className}`}>
      {(title || extra) && (
        <div className="card-head">
          {title && <h2>{title}</h2>}
          {extra && <div className="card-extra">{extra}</div>}
        </div>
      )}
      {children}
    </section>
  )
}

/** A key number with its name above it. */
export function KeyNumber({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="key-number">
      <span className="key-name">{name}</span>
      <span className="key-value">{children}</span>
      {note && <span className="key-note">{note}</span>}
    </div>
  )
}
