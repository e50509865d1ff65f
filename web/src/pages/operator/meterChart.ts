import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { DayCompared, MeterCurve, Service } from '../../api/types'
import { BASE, HATCH, MUTED, valueAxis } from '../../design/chartStyle'
import { COLOURS, exactText, instantText, MISSING, numberText, unitText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { isEstimated, onAxis, pointsOf, stairs } from '../../design/series'
import type { Twin } from '../../design/TwinTable'

const INK_LINE = '#14545c'

/** A day of this meter, of the neighbour, and how far the one is above the other. */
function compared({ energy, neighbour, difference_percent }: DayCompared, unit: string): string {
  const amount = (value: number | null) => (value === null ? MISSING : `${numberText(value, unit)} ${unit}`)
  const difference = difference_percent === null ? MISSING : `${difference_percent > 0 ? '+' : ''}${numberText(difference_percent, '%', 1)} %`
  return `${amount(energy)} · ${amount(neighbour)} · ${difference}`
}

/** The register above, the load profile below, on one time axis, with what happened marked on both. */
export function useMeterChart(curve: MeterCurve | undefined, service: Service) {
  const { t } = useTranslation()
  const pick = usePick()
  return useMemo(() => {
    if (!curve) return null
    const points = pointsOf(curve.load)
    const unit = unitText(curve.load.unit)
    const marks = curve.events.toSorted((one, other) => one.at.localeCompare(other.at)).map((event, index) => ({
      xAxis: onAxis(event.at), lineStyle: { color: event.severity === 'critical' ? '#a5211a' : '#b57400', type: 'dashed', width: 1.5 },
      label: { formatter: pick(event.name), color: '#40505a', fontSize: 11, position: 'end', rotate: 0, distance: index % 2 === 0 ? 2 : 15 },
    }))
    const markLine = { symbol: 'none', data: marks }
    const load = { type: 'line', xAxisIndex: 1, yAxisIndex: 1, showSymbol: false, color: COLOURS[service], lineStyle: { width: 1.6 } }
    const series: object[] = [
      { type: 'line', name: t('meter.register'), color: INK_LINE, symbolSize: 6, data: curve.register.map(({ at, value }) => [onAxis(at), Number(value)]), markLine: { ...markLine, label: { show: false } } },
      { ...load, name: t('meter.load'), data: stairs(points, (point) => !isEstimated(point)), areaStyle: { opacity: 0.2 }, markLine },
    ]
    if (points.some(isEstimated)) series.push({ ...load, name: t('quality.estimated'), data: stairs(points, isEstimated), lineStyle: { width: 1.6, type: 'dashed' }, areaStyle: { opacity: 0.12, decal: HATCH } })
    if (curve.compare) series.push({ ...load, name: t('usage.earlier'), color: '#7c8a92', data: stairs(points.map((point, index) => ({ ...point, value: curve.compare?.values[index] ?? null })), () => true) })
    const beside = curve.neighbour
    if (beside) series.push({ ...load, name: t('meter.neighbour_of', { number: beside.number }), color: '#7a4d9e', lineStyle: { width: 1.4, type: 'dotted' }, data: stairs(pointsOf(beside.load), () => true) })
    const min = onAxis(curve.start)
    const max = onAxis(curve.end)
    const time = { type: 'time', min, max, splitLine: { show: false }, axisLabel: { color: MUTED, hideOverlap: true, formatter: { year: '{MM}-{dd}', month: '{MM}-{dd}', day: '{MM}-{dd}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' } } }
    const option = {
      ...BASE, useUTC: true, series,
      grid: [{ left: 64, right: 12, top: 52, height: 110 }, { left: 64, right: 12, top: 228, bottom: 28 }],
      xAxis: [{ ...time, gridIndex: 0, axisLabel: { show: false } }, { ...time, gridIndex: 1 }],
      yAxis: [valueAxis(unitText(curve.register_unit), { gridIndex: 0, scale: true }), valueAxis(unit, { gridIndex: 1 })],
      dataZoom: [{ type: 'inside', xAxisIndex: [0, 1], zoomOnMouseWheel: 'ctrl' }], axisPointer: { link: [{ xAxisIndex: 'all' }] },
      tooltip: { ...BASE.tooltip, valueFormatter: (value: unknown) => (typeof value === 'number' ? numberText(value, curve.load.unit) : MISSING) },
    }
    const twin: Twin = {
      columns: [t('time.time'), t('meter.what'), t('map.value'), t('quality.name')],
      rows: [
        ...(beside?.days ?? []).filter(({ energy, neighbour }) => energy !== null || neighbour !== null).map((day) => [day.day, t('meter.day_beside', { number: beside!.number }), compared(day, unitText(curve.energy.unit)), null]),
        ...curve.register.map(({ at, value, quality }) => [instantText(at), t('meter.register'), `${exactText(value)} ${unitText(curve.register_unit)}`, t(`quality.${quality}`)]),
        ...points.map((point) => [point.label, t('meter.load'), `${numberText(point.value, curve.load.unit)} ${unit}`, t(`quality.${point.quality}`)]),
        ...curve.events.map((event) => [instantText(event.at), t('event.name'), pick(event.name), null]),
      ],
    }
    return { option, twin }
  }, [curve, service, t, pick])
}
