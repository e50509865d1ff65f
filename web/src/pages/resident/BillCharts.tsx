import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { CombinedBill, HistoryMonth, Service } from '../../api/types'
import { Chart } from '../../design/Chart'
import { BASE, categoryAxis, HATCH, valueAxis } from '../../design/chartStyle'
import { COLOURS, moneyText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import type { Twin } from '../../design/TwinTable'

/** Thirteen stacked months, and why this one differs from the last. */
export function BillCharts({ bill }: { bill: CombinedBill }) {
  const { t } = useTranslation()
  const months = useMonths(bill)
  const why = useWhy(bill)
  return (
    <div className="grid-2">
      <Card title={t('bill.thirteen_months')}><Chart label={t('bill.thirteen_months_label')} option={months.option} twin={months.twin} height={300} /></Card>
      <Card title={t('bill.why')}>
        {bill.last_month ? <Chart label={t('bill.why_label')} option={why.option} twin={why.twin} height={300} /> : <p className="muted">{t('bill.nothing_to_compare')}</p>}
      </Card>
    </div>
  )
}

const fenOf = (month: HistoryMonth, service: Service) => month.parts.find((part) => part.service === service)
const yuan = (fen: number) => fen / 100

function useMonths(bill: CombinedBill) {
  const { t } = useTranslation()
  return useMemo(() => {
    const services = [...new Set(bill.history.flatMap((month) => month.parts.map(({ service }) => service)))]
    const series = services.map((service) => ({
      type: 'bar', stack: 'bill', name: t(`service.${service}`), color: COLOURS[service], barMaxWidth: 30,
      data: bill.history.map((month) => {
        const part = fenOf(month, service)
        return { value: part ? yuan(part.amount_fen) : null, itemStyle: part?.is_estimated ? { decal: HATCH } : undefined }
      }),
    }))
    const option = {
      ...BASE, series, xAxis: categoryAxis(bill.history.map(({ month }) => month)), yAxis: valueAxis('¥'),
      tooltip: { ...BASE.tooltip, valueFormatter: (value: number | null) => moneyText(value === null || value === undefined ? null : Math.round(value * 100)) },
    }
    const twin: Twin = {
      columns: [t('bill.month'), ...services.map((service) => t(`service.${service}`)), t('bill.total')],
      rows: bill.history.map((month) => [
        month.month, ...services.map((service) => moneyText(fenOf(month, service)?.amount_fen ?? null)),
        month.parts.length === 0 ? null : moneyText(month.parts.reduce((sum, part) => sum + part.amount_fen, 0)),
      ]),
    }
    return { option, twin }
  }, [bill, t])
}

function useWhy(bill: CombinedBill) {
  const { t } = useTranslation()
  const pick = usePick()
  return useMemo(() => {
    const before = bill.last_month?.total_fen ?? 0
    let level = before
    const steps = bill.why.map((step) => {
      const from = level
      level += step.delta_fen
      return { name: pick(step.label), low: Math.min(from, level), high: Math.max(from, level), delta: step.delta_fen, colour: COLOURS[step.service] }
    })
    const bars = [
      { name: bill.last_month?.month ?? '', low: 0, high: before, delta: before, colour: '#8fa3ab' }, ...steps,
      { name: bill.month, low: 0, high: bill.total_fen, delta: bill.total_fen, colour: '#14545c' },
    ]
    const total = (index: number) => index === 0 || index === bars.length - 1
    const series = [
      { type: 'bar', stack: 'why', silent: true, itemStyle: { color: 'transparent' }, data: bars.map(({ low }) => yuan(low)) },
      {
        type: 'bar', stack: 'why', barMaxWidth: 22,
        data: bars.map(({ low, high, delta, colour }, index) => ({
          value: yuan(high - low), itemStyle: { color: colour, borderRadius: 3 },
          label: { show: true, position: 'right', color: '#1b2a33', formatter: moneyText(delta, !total(index)) },
        })),
      },
    ]
    const option = {
      ...BASE, series, legend: undefined, tooltip: { show: false }, grid: { ...BASE.grid, top: 24, right: 84 },
      xAxis: valueAxis('', { min: floor(bars.slice(1, -1).map(({ low }) => low)) }), yAxis: categoryAxis(bars.map(({ name }) => name), { inverse: true, axisLabel: { color: '#40505a', width: 150, overflow: 'truncate' } }),
    }
    const twin: Twin = { columns: [t('bill.cause'), t('bill.change')], rows: bars.map(({ name, delta }, index) => [name, moneyText(delta, !total(index))]) }
    return { option, twin }
  }, [bill, pick, t])
}

/** The axis begins below the lowest step, so that small causes can be seen; the labels carry the amounts. */
const floor = (lows: number[]): number => (lows.length === 0 ? 0 : Math.max(0, Math.floor((Math.min(...lows) * 0.85) / 1000) * 10))
