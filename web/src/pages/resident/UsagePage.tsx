import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { calendarQuery, householdsQuery, PLATFORM, usageQuery } from '../../api/queries'
import type { Service, Usage, UsageStep } from '../../api/types'
import { Chart } from '../../design/Chart'
import { ExportButtons } from '../../design/ExportButtons'
import { clockText, dateText, instantText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateView } from '../../design/StateView'
import { TimePicker, useTimeRange, type Span, type TimeRange } from '../../design/TimePicker'
import { useUrlState } from '../../design/urlState'
import { useUsageChart, useYearChart, type Measure } from './usageChart'
import './resident.css'

const STEPS: Record<Span, UsageStep> = { day: 'interval', week: 'hour', month: 'day', year: 'month' }
const MEASURES: Measure[] = ['quantity', 'money', 'carbon']

/** When is how much used, what does it cost, and how is it against before. */
export function UsagePage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const [state, setState] = useUrlState()
  const { data: households } = useQuery(householdsQuery)
  const services = households?.rows.find((row) => row.account === account)?.accounts.map(({ service }) => service) ?? ['electricity', 'water', 'gas']
  const service = (state.service as Service | undefined) ?? services[0] ?? 'electricity'
  const measure = MEASURES.find((known) => known === state.measure) ?? 'quantity'
  const range = useTimeRange('day')
  const query = { service, step: STEPS[range.span], ...range.query }
  const usage = useQuery(usageQuery(account, query))
  return (
    <PageFrame title={t('usage.title')} as_of={usage.data?.series.as_of} help={t('usage.help')} actions={<ExportButtons path={`/${PLATFORM}/api/households/${account}/usage`} query={query} />}>
      <div className="row">
        <Segmented<Service> aria-label={t('usage.medium')} value={service} options={services.map((value) => ({ value, label: <MediumTag service={value} size={16} /> }))} onChange={(value) => setState({ service: value })} />
        <Segmented<Measure>
          aria-label={t('usage.measure')} value={measure} onChange={(value) => setState({ measure: value === 'quantity' ? undefined : value })}
          options={MEASURES.map((value) => ({ value, label: value === 'quantity' ? (service === 'electricity' || service === 'heat' ? 'kWh' : 'm³') : value === 'money' ? '¥' : 'kg CO₂' }))}
        />
      </div>
      <TimePicker range={range} />
      <StateView query={usage} height={420} empty={(data) => (data.series.values.every((value) => value === null) ? t('usage.no_data', { start: range.start }) : null)}>
        {(data) => <UsageBody usage={data} measure={measure} range={range} />}
      </StateView>
      <Year account={account} service={service} year={Number(range.start.slice(0, 4))} />
    </PageFrame>
  )
}

function UsageBody({ usage, measure, range }: { usage: Usage; measure: Measure; range: TimeRange }) {
  const { t } = useTranslation()
  const pick = usePick()
  const [, setState] = useUrlState()
  const chart = useUsageChart(usage, measure)
  const drill = range.span === 'month' || range.span === 'year'
  const open = (index: number) => {
    const day = usage.series.starts?.[index]
    if (day) setState({ span: range.span === 'year' ? 'month' : 'day', day: day.length === 7 ? `${day}-01` : day }, false)
  }
  return (
    <>
      <div className="key-numbers">
        <KeyNumber name={t('usage.total')}><NumberWithUnit figure={usage.total} /></KeyNumber>
        <KeyNumber name={t('usage.cost')} note={pick(usage.money_note)}><Money fen={usage.money_fen} /></KeyNumber>
        <KeyNumber name={t('usage.peak')} note={usage.peak_at ? t('usage.at', { time: range.span === 'day' ? clockText(usage.peak_at) : instantText(usage.peak_at) }) : undefined}>
          <NumberWithUnit figure={usage.peak} age={false} />
        </KeyNumber>
        <KeyNumber name={t('usage.base_load')} note={t('usage.base_load_note')}><NumberWithUnit figure={usage.base_load} age={false} /></KeyNumber>
        {usage.compare && <KeyNumber name={t('usage.compared', { start: dateText(usage.compare.start) })}><NumberWithUnit figure={usage.compare.total} age={false} /></KeyNumber>}
      </div>
      <Card title={t(`usage.chart_${range.span}`)}>
        {chart ? <Chart {...chart} label={t('usage.chart_label', { service: t(`service.${usage.service}`), start: range.start, end: range.end })} height={340} onPick={drill ? open : undefined} /> : <p className="muted">{t('usage.no_measure')}</p>}
        <p className="muted" style={{ fontSize: '0.8125rem', marginTop: '0.5rem' }}>
          {measure === 'money' ? pick(usage.money_note) : measure === 'carbon' ? pick(usage.carbon_note) : t('usage.hatched')}
          {drill && ` ${t('usage.drill')}`}
        </p>
      </Card>
    </>
  )
}

function Year({ account, service, year }: { account: string; service: Service; year: number }) {
  const { t } = useTranslation()
  const calendar = useQuery(calendarQuery(account, { service, year }))
  const [, setState] = useUrlState()
  const chart = useYearChart(calendar.data)
  return (
    <Card title={t('usage.calendar', { year })}>
      <StateView query={calendar} height={190} empty={(data) => (data.days.some(({ value }) => value !== null) ? null : t('usage.no_year', { year }))}>
        {(data) => chart && <Chart {...chart} label={t('usage.calendar_label', { year, service: t(`service.${service}`) })} height={190} onPick={(index) => setState({ span: 'day', day: data.days[index]?.date }, false)} />}
      </StateView>
    </Card>
  )
}
