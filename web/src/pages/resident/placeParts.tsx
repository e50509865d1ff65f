import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Segmented } from 'antd'
import type { EChartsCoreOption } from 'echarts/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { homeNowQuery, PLACES, pointHistoryQuery, siteQuery } from '../../api/queries'
import type { HomeOrder, ItemNow, PointHistory, PointNow } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { Chart } from '../../design/Chart'
import { BASE, valueAxis } from '../../design/chartStyle'
import { COLOURS, instantText, numberText, unitText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { onAxis } from '../../design/series'
import { StateTag, type Tone } from '../../design/StateTag'
import { StateView, useSaid } from '../../design/StateView'

/** A gateway speaks every minute or so; one not heard for this long is away [business seconds]. */
export const LATE_S = 900
const WAITS_S = 60
const LONGEST_S = 600
const SPANS = [6, 24] as const
const TONES: Record<HomeOrder['state'], Tone> = { approved: 'busy', sent: 'busy', confirmed: 'good', refused: 'bad', expired: 'late', unknown: 'late', cancelled: 'quiet' }

export function itemOf(point: PointNow | undefined, item: string): ItemNow | undefined {
  return point?.items.find((known) => known.item === item)
}

/** A value with its unit; energy as kWh, water and gas as m³. */
export function Value({ item }: { item: ItemNow }) {
  const { value, unit } = shown(item)
  return <span className="number"><span className="number-value">{numberText(value, unit, unit === 'W' ? 0 : undefined)} <span className="number-unit">{unitText(unit)}</span></span></span>
}

function shown({ value, unit }: ItemNow): { value: number; unit: string } {
  if (unit === 'Wh') return { value: value / 1000, unit: 'kWh' }
  if (unit === 'L' || unit === 'dm3') return { value: value / 1000, unit: 'm3' }
  return { value, unit }
}

/** One switch: how it was read back last, what was asked of it since and what became of that. */
export function PlaceSwitch({ point, order, account }: { point: PointNow; order: HomeOrder | undefined; account: string }) {
  const { t } = useTranslation()
  const pick = usePick()
  const state = itemOf(point, point.sets ?? '')
  const power = itemOf(point, 'power')
  const give = useOrder(account, point.point)
  const waits = give.isPending || (order !== undefined && order.outcome === null)
  const on = state?.value === 1
  return (
    <div className="between place-switch" data-testid={`switch-${point.point}`} data-state={state ? (on ? 'on' : 'off') : 'unknown'}>
      <div>
        <strong>{pick(point.name)}</strong>
        <p className="row">
          <StateTag tone={state ? (on ? 'good' : 'quiet') : 'late'}>{t(state ? (on ? 'places.on' : 'places.off') : 'places.state_unknown')}</StateTag>
          {power && <Value item={power} />}
          {state && <AgeBadge at={state.as_of} late_after_s={LATE_S} />}
        </p>
        <p className="row" role="status">{order && <OrderNote order={order} />}{give.error && <SaidError error={give.error} />}</p>
      </div>
      <Button size="large" type={on ? 'default' : 'primary'} loading={waits} disabled={waits} onClick={() => give.mutate(on ? 0 : 1)}>
        {waits ? t('places.turning') : t(on ? 'places.switch_off' : 'places.switch_on')}
      </Button>
    </div>
  )
}

function OrderNote({ order }: { order: HomeOrder }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <span className="muted">{t(order.value ? 'places.asked.on' : 'places.asked.off')}</span>
      <StateTag tone={TONES[order.state]}>{pick(order.state_text)}</StateTag>
      {order.reason && <span className="muted">{pick(order.reason)}</span>}
      <AgeBadge at={order.resolved_at ?? order.requested_at} />
    </>
  )
}

function SaidError({ error }: { error: unknown }) {
  const said = useSaid(error)
  return <span role="alert">{said.message} {said.remedy}</span>
}

/** An order waits a minute of the visitor's own time, however fast the city's clock runs. */
function useOrder(account: string, point: string) {
  const client = useQueryClient()
  const { data: site } = useQuery(siteQuery)
  const within_s = Math.min(LONGEST_S, Math.round(WAITS_S * (site?.clock_speed ?? 1)))
  return useMutation({
    mutationFn: (value: 0 | 1) => change<HomeOrder>('POST', `/${PLACES}/api/households/${encodeURIComponent(account)}/places/orders`, { point, value, within_s }, newIntention()),
    onSettled: () => client.invalidateQueries({ queryKey: homeNowQuery(account).queryKey }),
  })
}

/** The whole home's power, minute by minute. */
export function PlaceHistory({ account, until }: { account: string; until: string }) {
  const { t } = useTranslation()
  const [hours, setHours] = useState<number>(SPANS[0])
  const step_ms = 300_000
  const end = Math.ceil(Date.parse(until) / step_ms) * step_ms
  const span = { item: 'power', start: new Date(end - hours * 3_600_000).toISOString(), end: new Date(end).toISOString() }
  const history = useQuery(pointHistoryQuery(account, 'main', span))
  return (
    <Card title={t('places.history', { hours })}>
      <p><Segmented aria-label={t('places.hours')} value={hours} options={SPANS.map((value) => ({ value, label: `${value} h` }))} onChange={setHours} /></p>
      <StateView query={history} height={240} empty={(data) => (data.values.length === 0 ? t('places.no_history') : null)}>
        {(data) => <Chart option={curve(data)} label={t('places.history', { hours })} height={240} twin={{ columns: [t('time.time'), unitText(data.unit)], rows: data.at.map((at, index) => [instantText(new Date(at * 1000).toISOString()), data.values[index] ?? null]) }} />}
      </StateView>
    </Card>
  )
}

function curve(history: PointHistory): EChartsCoreOption {
  const data = history.at.map((at, index) => [onAxis(new Date(at * 1000).toISOString()), history.values[index] ?? null])
  return {
    ...BASE,
    useUTC: true,
    grid: { ...BASE.grid, top: 28 },
    xAxis: { type: 'time', axisLabel: { hideOverlap: true } },
    yAxis: valueAxis(unitText(history.unit)),
    series: [{ type: 'line', step: 'end', showSymbol: false, color: COLOURS.electricity, areaStyle: { opacity: 0.15 }, data }],
    tooltip: { ...BASE.tooltip, valueFormatter: (value: unknown) => (typeof value === 'number' ? `${value} ${unitText(history.unit)}` : '—') },
  }
}
