import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Collection } from '../../api/types'
import { BASE, categoryAxis, MUTED } from '../../design/chartStyle'
import { MISSING, numberText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { useNarrow } from '../../design/useNarrow'

/** Days across, terminals down, success rate as colour and as a number. */
export function useCollectionChart(collection: Collection) {
  const { t } = useTranslation()
  const pick = usePick()
  const narrow = useNarrow()
  return useMemo(() => {
    const { days, terminals, cells } = collection
    const names = terminals.map((terminal) => pick(terminal.name))
    const data = cells.flatMap((row, y) => row.map((value, x) => [x, y, value]))
    const rate = (value: number | null | undefined) => (value === null || value === undefined ? MISSING : `${numberText(value, '%')}%`)
    const option = {
      ...BASE, legend: undefined, grid: { ...BASE.grid, top: 28, right: 4 },
      xAxis: categoryAxis(days.map((day) => day.slice(5)), { position: 'top', splitArea: { show: false } }),
      yAxis: categoryAxis(names, { inverse: true, axisLabel: { color: MUTED, width: narrow ? 84 : 180, overflow: 'truncate' } }),
      tooltip: { ...BASE.tooltip, trigger: 'item', formatter: ({ value: [x, y, value] }: { value: [number, number, number | null] }) => `${names[y]}<br/>${days[x]}: <b>${rate(value)}</b>` },
      visualMap: { show: false, type: 'piecewise', dimension: 2, pieces: [{ lt: 80, color: '#c9564e' }, { gte: 80, lt: 95, color: '#e8b778' }, { gte: 95, lt: 99, color: '#f4e3c1' }, { gte: 99, lt: 100, color: '#bfe0d1' }, { gte: 100, color: '#7fbfa3' }], outOfRange: { color: '#eef2f3' } },
      series: [{
        type: 'heatmap', data, itemStyle: { borderColor: '#fff', borderWidth: 2, borderRadius: 4 },
        label: { show: days.length <= (narrow ? 7 : 14), color: '#1b2a33', fontSize: 11, formatter: ({ value: [, , value] }: { value: [number, number, number | null] }) => (value === null ? MISSING : numberText(value, '%', value === 100 ? 0 : 1)) },
      }],
    }
    const twin = { columns: [t('terminal.name'), ...days], rows: cells.map((row, index) => [names[index] ?? '', ...row.map(rate)]) }
    return { option, twin }
  }, [collection, narrow, pick, t])
}
