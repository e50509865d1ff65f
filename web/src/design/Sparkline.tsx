import type { Series, Service } from '../api/types'
import { COLOURS } from './format'
import { isEstimated, pointsOf } from './series'

/** A few bars without the chart library, for the first screen of a phone. The number beside it says the same in words. */
export function Sparkline({ series, service, slots = 24 }: { series: Series; service: Service; slots?: number }) {
  const points = pointsOf(series)
  const greatest = Math.max(...points.map(({ value }) => value ?? 0), 1e-9)
  const width = 240 / Math.max(slots, points.length)
  return (
    <svg className="sparkline" viewBox="0 0 240 44" preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2="240" y1="43.5" y2="43.5" stroke="#d3dcdf" />
      {points.map((point, index) => point.value !== null && (
        <rect
          key={point.from} x={index * width + width * 0.15} width={width * 0.7} y={43 - (point.value / greatest) * 41} height={Math.max(1, (point.value / greatest) * 41)}
          rx="1.5" fill={COLOURS[service]} opacity={isEstimated(point) ? 0.45 : 1}
        />
      ))}
    </svg>
  )
}
