import { DatePicker, Segmented, Select } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import { useTranslation } from 'react-i18next'
import { midnight, shanghai } from './format'
import { useNow } from './clock'
import { useUrlState } from './urlState'

export type Span = 'day' | 'week' | 'month' | 'year'
export type Compare = 'none' | 'before' | 'last_year'

export interface TimeRange {
  span: Span
  /** Business dates, half-open. */
  start: string
  end: string
  /** The same as the instants the API takes. */
  query: { start: string; end: string; compare_start: string | undefined }
}

const SPANS: Span[] = ['day', 'week', 'month', 'year']
const ISO = 'YYYY-MM-DD'

/** The one time range of a page, read from its address: `span`, `day` and `compare`. */
export function useTimeRange(fallback: Span = 'day'): TimeRange {
  const [state] = useUrlState()
  const now = useNow(60_000)
  const span = SPANS.find((known) => known === state.span) ?? fallback
  const first = startOf(state.day ?? shanghai(now).format(ISO), span)
  const [start, end, earlier] = [first.format(ISO), first.add(1, span).format(ISO), comparison(first, span, state.compare)]
  return { span, start, end, query: { start: midnight(start), end: midnight(end), compare_start: earlier && midnight(earlier) } }
}

/** One control drives the page: the span, the date, a step back or forward, and what to compare with. */
export function TimePicker({ range, spans = SPANS, compare = true }: { range: TimeRange; spans?: Span[]; compare?: boolean }) {
  const { t } = useTranslation()
  const [state, setState] = useUrlState()
  const first = dayjs(range.start)
  const future = first.add(1, range.span).valueOf() > useNow(60_000)
  const go = (day: Dayjs) => setState({ day: day.format(ISO), page: undefined })
  return (
    <div className="time-picker" role="group" aria-label={t('time.range')}>
      <Segmented aria-label={t('time.span')} value={range.span} options={spans.map((span) => ({ value: span, label: t(`time.${span}`) }))} onChange={(span) => setState({ span, day: range.start, page: undefined })} />
      <span className="time-step">
        <button type="button" aria-label={t('time.back')} onClick={() => go(first.subtract(1, range.span))}>‹</button>
        <DatePicker
          aria-label={t('time.date')} picker={range.span === 'day' ? 'date' : range.span} value={first} allowClear={false} inputReadOnly
          format={range.span === 'week' ? (day) => t('time.week_of', { day: day.format(ISO) }) : { day: ISO, month: 'YYYY-MM', year: 'YYYY' }[range.span]}
          onChange={(day) => day && go(startOf(day.format(ISO), range.span))}
        />
        <button type="button" aria-label={t('time.forward')} disabled={future} onClick={() => go(first.add(1, range.span))}>›</button>
      </span>
      {compare && (
        <Select
          className="time-compare" aria-label={t('time.compare')} value={(state.compare as Compare | undefined) ?? 'none'}
          options={(['none', 'before', 'last_year'] as const).map((value) => ({ value, label: t(`time.compare_${value}`) }))}
          onChange={(value: Compare) => setState({ compare: value === 'none' ? undefined : value })}
        />
      )}
    </div>
  )
}

/** Weeks begin on Monday. */
function startOf(day: string, span: Span): Dayjs {
  const date = dayjs(day)
  if (span === 'week') return date.subtract((date.day() + 6) % 7, 'day')
  return date.startOf(span)
}

function comparison(first: Dayjs, span: Span, compare: string | undefined): string | undefined {
  if (compare === 'before') return first.subtract(1, span).format(ISO)
  if (compare === 'last_year') return (span === 'week' ? first.subtract(52, 'week') : first.subtract(1, 'year')).format(ISO)
  return undefined
}
