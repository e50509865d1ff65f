import { Button } from 'antd'
import dayjs from 'dayjs'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNow } from '../../design/clock'
import { shanghai } from '../../design/format'
import { useUrlState } from '../../design/urlState'

const DAYS = 7
const HOURS = DAYS * 24
const HOUR_MS = 3_600_000
const SETTLES_MS = 300

/** The hour the map shows: an instant of the last week in the address, or nothing for now. */
export function useHour(): string | undefined {
  const [{ at }] = useUrlState()
  return at && !Number.isNaN(Date.parse(at)) ? at : undefined
}

/** Back through the hours of the last week; the right end is now. */
export function HourSlider() {
  const { t } = useTranslation()
  const id = useId()
  const at = useHour()
  const [, setState] = useUrlState()
  const newest = Math.floor(useNow() / HOUR_MS) * HOUR_MS
  const place = at ? Math.max(0, Math.min(HOURS, HOURS + Math.floor((Date.parse(at) - newest) / HOUR_MS))) : HOURS + 1
  const [moved, setMoved] = useState<number | null>(null)
  const shown = moved ?? place
  const instantOf = (hour: number) => shanghai(dayjs(newest - (HOURS - hour) * HOUR_MS).valueOf()).format('YYYY-MM-DDTHH:mm:ssZ')
  // An address may name an hour before the slider begins: then it stands at its left end and the words say which hour it is.
  const end = moved === null && at ? shanghai(at).startOf('hour') : shanghai(dayjs(newest).valueOf()).subtract(HOURS - shown, 'hour')
  const text = shown > HOURS ? t('then.now') : t('then.hour', { start: end.subtract(1, 'hour').format('YYYY-MM-DD HH:mm'), end: end.format('HH:mm') })

  useEffect(() => {
    if (moved === null) return
    const timer = setTimeout(() => {
      setState({ at: moved > HOURS ? undefined : instantOf(moved) })
      setMoved(null)
    }, SETTLES_MS)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a further move begins the wait anew
  }, [moved])

  const go = (hour: number) => setMoved(Math.max(0, Math.min(HOURS + 1, hour)))
  return (
    <section className="card hour-slider" aria-label={t('then.title')}>
      <label htmlFor={id}>{t('then.title')}</label>
      <Button aria-label={t('then.earlier')} disabled={shown === 0} onClick={() => go(shown - 1)}>‹</Button>
      <input id={id} type="range" min={0} max={HOURS + 1} step={1} value={shown} aria-valuetext={text} onChange={(event) => go(Number(event.target.value))} />
      <Button aria-label={t('then.later')} disabled={shown > HOURS} onClick={() => go(shown + 1)}>›</Button>
      <output htmlFor={id} aria-live="polite">{text}</output>
      <Button type={at ? 'primary' : 'default'} disabled={!at && moved === null} onClick={() => { setMoved(null); setState({ at: undefined }) }}>{t('then.to_now')}</Button>
      {at && <p className="muted">{t('then.means')}</p>}
    </section>
  )
}
