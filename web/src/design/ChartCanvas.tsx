import { BarChart, HeatmapChart, LineChart } from 'echarts/charts'
import {
  AriaComponent, CalendarComponent, DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent,
  VisualMapComponent,
} from 'echarts/components'
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'

use([
  BarChart, HeatmapChart, LineChart, AriaComponent, CalendarComponent, DataZoomComponent, GridComponent, LegendComponent,
  MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, CanvasRenderer,
])

interface Props { option: EChartsCoreOption; label: string; height: number; onPick?: (index: number) => void }

export default function ChartCanvas({ option, label, height, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<ECharts>(null)
  const picked = useRef(onPick)
  picked.current = onPick
  useEffect(() => {
    const drawn = init(box.current!)
    chart.current = drawn
    drawn.on('click', (event) => picked.current?.(event.dataIndex))
    drawn.on('finished', () => box.current?.setAttribute('data-ready', 'true'))
    const sized = new ResizeObserver(() => drawn.resize())
    sized.observe(box.current!)
    return () => {
      sized.disconnect()
      drawn.dispose()
    }
  }, [])
  useEffect(() => {
    box.current?.removeAttribute('data-ready')
    chart.current?.setOption(option, { notMerge: true })
  }, [option])
  return <div ref={box} role="img" aria-label={label} style={{ height, width: '100%' }} />
}
