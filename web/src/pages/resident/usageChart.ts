import type { EChartsCoreOption } from 'echarts/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Series, Usage, UsageCalendar } from '../../api/types'
import { BAND_COLOURS, BASE, categoryAxis, HATCH, MUTED, ramp, valueAxis } from '../../design/chartStyle'
import { COLOURS, MISSING, numberText, unitText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { isEstimated, onAxis, pointsOf, stairs, type Point } from '../../design/series'
import type { Twin } from '../../design/TwinTable'
import { useNarrow } from '../../design/useNarrow'

export type Measure = 'quantity' | 'money' | 'carbon'
interface Drawn { option: EChartsCoreOption; twin: Twin }

/** The usage of a period in the chosen measure; null when it cannot be said in that measure. */
export function useUsageChart(usage: Usage, measure: Measure): Drawn | null {
  const { t } = useTranslation()
  const pick = usePick()
  return useMemo(() => {
    const series = measure === 'quantity' ? usage.series : measure === 'money' ? usage.money : usage.carbon
    if (!series) return null
    const compare = measure === 'quantity' ? (usage.compare?.series ?? null) : null
    const names = { value: t(`service.${usage.service}`), estimated: t('quality.estimated'), compare: t('usage.earlier') }
    const option = series.starts ? bars(usage, series, compare, names) : steps(usage, series, compare, names, pick)
    return { option, twin: twinOf(series, compare, [t('time.time'), unitText(series.unit), t('quality.name'), ...(compare ? [t('usage.earlier')] : [])], (point) => t(`quality.${point.quality}`)) }
  }, [usage, measure, t, pick])
}

interface Names { value: string; estimated: string; compare: string }
const say = (unit: string) => (value: unknown) => (typeof value === 'number' ? `${numberText(value, unit)} ${unitText(unit)}` : MISSING)

function bars(usage: Usage, series: Series, compare: Series | null, names: Names): EChartsCoreOption {
  const points = pointsOf(series)
  const now = {
    type: 'bar', name: names.value, color: COLOURS[usage.service], barMaxWidth: 28,
    data: points.map((point) => ({ value: point.value, itemStyle: { borderRadius: [3, 3, 0, 0], ...(isEstimated(point) ? { decal: HATCH } : {}) } })),
  }
  const earlier = compare && { type: 'bar', name: names.compare, color: '#b5c2c8', barMaxWidth: 28, data: points.map((_, index) => compare.values[index] ?? null) }
  return {
    ...BASE, series: earlier ? [earlier, now] : [now], xAxis: categoryAxis(points.map(({ label }) => (usage.step === 'month' ? label.slice(0, 7) : label.slice(5)))), yAxis: valueAxis(unitText(series.unit)),
    tooltip: { ...BASE.tooltip, valueFormatter: say(series.unit) },
  }
}

function steps(usage: Usage, series: Series, compare: Series | null, names: Names, pick: ReturnType<typeof usePick>): EChartsCoreOption {
  const points = pointsOf(series)
  const colour = COLOURS[usage.service]
  const line = { type: 'line', showSymbol: false, lineStyle: { width: 2 }, color: colour }
  const bands = usage.bands.map((band) => [
    { xAxis: onAxis(band.start), name: pick(band.name), itemStyle: { color: BAND_COLOURS[band.period] }, label: { show: usage.bands.length < 12, color: MUTED, fontSize: 11, position: 'insideTop' } },
    { xAxis: onAxis(band.end) },
  ])
  const drawn: object[] = [
    { ...line, name: names.value, data: stairs(points, (point) => !isEstimated(point)), areaStyle: { opacity: 0.22 }, markArea: { silent: true, data: bands } },
  ]
  if (points.some(isEstimated)) drawn.push({ ...line, name: names.estimated, data: stairs(points, isEstimated), lineStyle: { width: 2, type: 'dashed' }, areaStyle: { opacity: 0.12, decal: HATCH } })
  if (compare) drawn.push({ type: 'line', showSymbol: false, name: names.compare, color: '#7c8a92', lineStyle: { width: 1.5 }, data: stairs(points.map((point, index) => ({ ...point, value: compare.values[index] ?? null })), () => true) })
  const first = points[0]
  const last = points.at(-1)
  return {
    ...BASE, useUTC: true, series: drawn, yAxis: valueAxis(unitText(series.unit)), dataZoom: [{ type: 'inside', zoomOnMouseWheel: 'ctrl' }],
    xAxis: { type: 'time', min: first?.from, max: last?.to, axisLabel: { color: MUTED, hideOverlap: true, formatter: { year: '{MM}-{dd}', month: '{MM}-{dd}', day: '{MM}-{dd}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' } }, splitLine: { show: false } },
    tooltip: { ...BASE.tooltip, valueFormatter: say(series.unit) },
  }
}

function twinOf(series: Series, compare: Series | null, columns: string[], quality: (point: Point) => string): Twin {
  const rows = pointsOf(series).map((point, index) => [
    point.label, numberText(point.value, series.unit), quality(point), ...(compare ? [numberText(compare.values[index], series.unit)] : []),
  ])
  return { columns, rows }
}

/** One square a day; on a phone the last half year. */
export function useYearChart(calendar: UsageCalendar | undefined): Drawn | null {
  const { t } = useTranslation()
  const narrow = useNarrow()
  return useMemo(() => {
    if (!calendar) return null
    const greatest = Math.max(...calendar.days.map(({ value }) => value ?? 0), 1e-9)
    const last = calendar.days.findLast(({ value }) => value !== null)?.date ?? `${calendar.year}-12-31`
    const range = narrow ? halfYear(calendar.year, last) : String(calendar.year)
    const option = {
      ...BASE, legend: undefined,
      tooltip: { ...BASE.tooltip, trigger: 'item', formatter: ({ value }: { value: [string, number | null] }) => `${value[0]}<br/>${say(calendar.unit)(value[1])}` },
      visualMap: { show: false, min: 0, max: greatest, inRange: { color: ramp(calendar.service) } },
      calendar: {
        range, top: 28, left: 34, right: 8, bottom: 4, cellSize: ['auto', 'auto'], itemStyle: { color: '#f3f6f7', borderColor: '#fff', borderWidth: 2 }, splitLine: { show: false },
        yearLabel: { show: false }, dayLabel: { firstDay: 1, color: MUTED, nameMap: t('time.week_letters', { returnObjects: true }) }, monthLabel: { color: MUTED, nameMap: t('time.month_names', { returnObjects: true }) },
      },
      series: [{ type: 'heatmap', coordinateSystem: 'calendar', data: calendar.days.map(({ date, value, quality }) => ({ value: [date, value], itemStyle: quality === 'estimated' ? { decal: HATCH } : undefined })) }],
    }
    const twin: Twin = { columns: [t('time.day'), unitText(calendar.unit), t('quality.name')], rows: calendar.days.map(({ date, value, quality }) => [date, numberText(value, calendar.unit), t(`quality.${quality}`)]) }
    return { option, twin }
  }, [calendar, narrow, t])
}

const halfYear = (year: number, last: string): [string, string] => (last < `${year}-07-01` ? [`${year}-01-01`, `${year}-06-30`] : [`${year}-07-01`, `${year}-12-31`])
