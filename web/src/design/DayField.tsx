import { CalendarOutlined } from '@ant-design/icons'
import dayjs from 'dayjs'
import { Input } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Whether a day or a minute is one; what is typed half may not be. */
export function isDay(value: string): boolean {
  const day = dayjs(value)
  return day.isValid() && Object.values(KINDS).some(({ kept }) => day.format(kept) === value)
}

/** As people read and write it here, whatever the browser's own way is, and as forms and addresses keep it. */
const KINDS = {
  day: { shown: 'YYYY-MM-DD', kept: 'YYYY-MM-DD', input: 'date' },
  minute: { shown: 'YYYY-MM-DD HH:mm', kept: 'YYYY-MM-DDTHH:mm', input: 'datetime-local' },
} as const

interface Props {
  id?: string
  kind?: keyof typeof KINDS
  /** As a form keeps it, `2026-11-21` or `2026-11-21T09:30`; empty where there is none. */
  value: string
  max?: string
  onChange: (value: string) => void
}

/** A day, or a minute of one, typed as `2026-11-21 09:30` or picked with the browser's own calendar. What is no day comes as typed: see `isDay`. */
export function DayField({ id, kind = 'day', value, max, onChange }: Props) {
  const { t } = useTranslation()
  const { shown, kept, input } = KINDS[kind]
  const [typed, setTyped] = useState(() => shownOf(value))
  const native = useRef<HTMLInputElement>(null)
  useEffect(() => setTyped((before) => (keptOf(before, shown, kept) === value ? before : shownOf(value))), [value, shown, kept])
  const type = (text: string) => {
    setTyped(text)
    onChange(keptOf(text, shown, kept))
  }
  const wrong = value !== '' && !isDay(value)
  return (
    <span className="day-field">
      <Input
        id={id} value={typed} placeholder={shown} maxLength={shown.length} inputMode="numeric" autoComplete="off" status={wrong ? 'error' : undefined} aria-invalid={wrong || undefined} onChange={({ target }) => type(target.value)}
        suffix={<button type="button" className="day-pick" aria-label={t('time.pick')} onClick={() => native.current?.showPicker()}><CalendarOutlined aria-hidden="true" /></button>}
      />
      <input ref={native} type={input} tabIndex={-1} aria-hidden="true" max={max} value={isDay(value) ? value : ''} onChange={({ target }) => target.value && type(shownOf(target.value))} />
    </span>
  )
}

const shownOf = (value: string): string => value.replace('T', ' ')

/** What was typed as forms keep it: nothing for nothing, and what is no day as it stands, so that it is never taken for "none". */
function keptOf(text: string, shown: string, kept: string): string {
  const day = dayjs(text.trim())
  return day.isValid() && day.format(shown) === text.trim() ? day.format(kept) : text.trim()
}
