import dayjs from 'dayjs'
import type { Quality, Series } from '../api/types'
import { shanghai } from './format'

const QUALITIES: Quality[] = ['measured', 'estimated', 'missing', 'not_expected', 'suspect', 'edited']
/** Charts show Shanghai time on an axis told that it is UTC. */
const SHANGHAI_MS = 8 * 3_600_000

export interface Point {
  label: string
  /** Milliseconds for the time axis: Shanghai wall time as if it were UTC. */
  from: number
  to: number
  value: number | null
  quality: Quality
}

/** The intervals of a series with their times and qualities. */
export function pointsOf(series: Series): Point[] {
  const starts = series.starts
  return series.values.map((value, index) => {
    const quality = QUALITIES[series.quality?.[index] ?? 0] ?? 'measured'
    return starts ? datePoint(starts, index, value, quality) : timePoint(series, index, value, quality)
  })
}

function datePoint(starts: string[], index: number, value: number | null, quality: Quality): Point {
  const label = starts[index] ?? ''
  const from = Date.parse(`${label.length === 7 ? `${label}-01` : label}T00:00:00Z`)
  const next = starts[index + 1]
  return { label, from, to: next ? Date.parse(`${next}T00:00:00Z`) : from + 86_400_000, value, quality }
}

function timePoint(series: Series, index: number, value: number | null, quality: Quality): Point {
  const width = (series.interval_s ?? 900) * 1000
  const begins = dayjs(series.start).valueOf() + index * width
  return { label: shanghai(begins).format('MM-DD HH:mm'), from: begins + SHANGHAI_MS, to: begins + width + SHANGHAI_MS, value, quality }
}

export const onAxis = (instant: string): number => Date.parse(instant) + SHANGHAI_MS
export const isEstimated = ({ quality }: Point): boolean => quality === 'estimated' || quality === 'edited'

type Stair = [number, number | null][]

/** A step line: each value holds for its whole interval; where `keep` says no there is a hole. */
export function stairs(points: Point[], keep: (point: Point) => boolean): Stair {
  return points.flatMap((point): Stair => {
    if (point.value === null || !keep(point)) return [[point.from, null]]
    return [[point.from, point.value], [point.to, point.value]]
  })
}
