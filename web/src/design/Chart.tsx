import type { EChartsCoreOption } from 'echarts/core'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Skeleton } from './StateView'
import { TwinTable, type Twin } from './TwinTable'

const ChartCanvas = lazy(() => import('./ChartCanvas'))

interface Props {
  option: EChartsCoreOption
  /** What the chart shows, in one sentence, for who does not see it. */
  label: string
  twin: Twin
  height?: number
  onPick?: (index: number) => void
}

/** A chart and its table twin; the drawing library is fetched when the first chart is shown. */
export function Chart({ option, label, twin, height = 280, onPick }: Props) {
  const { t } = useTranslation()
  const [table, setTable] = useState(false)
  return (
    <figure className="chart">
      <div className="chart-switch">
        <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('chart.as_picture') : t('chart.as_table')}</button>
      </div>
      {table ? (
        <TwinTable twin={twin} label={label} />
      ) : (
        <Suspense fallback={<Skeleton height={height} />}>
          <ChartCanvas option={option} label={label} height={height} onPick={onPick} />
        </Suspense>
      )}
    </figure>
  )
}
