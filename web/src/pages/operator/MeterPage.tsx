import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { commandsQuery, curveQuery, eventsQuery, METERING, meterQuery } from '../../api/queries'
import type { Meter, MeterEvent } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { Chart } from '../../design/Chart'
import { CommandStateTag, CommandTimeline } from '../../design/CommandTimeline'
import { DataTable, type Column } from '../../design/DataTable'
import { ExportButtons } from '../../design/ExportButtons'
import { instantText, MISSING } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { TimePicker, useTimeRange } from '../../design/TimePicker'
import { useUrlState } from '../../design/urlState'
import { MeterClock } from './MeterClock'
import { MeterHistory } from './MeterHistory'
import { MeterLimit } from './MeterLimit'
import { NeighbourPicker } from './MeterNeighbour'
import { MeterOrders } from './MeterOrders'
import { useMeterChart } from './meterChart'
import './operator.css'
import { MeterStateTag, TerminalStateTag } from './TerminalStateTag'
import { WorkOrdersOfDevice } from './WorkOrdersOfDevice'

/** One meter: what it says, what happened to it, whether it can be reached, and ordering it. */
export function MeterPage() {
  const { t } = useTranslation()
  const id = useParams({ strict: false }).meter!
  const meter = useQuery(meterQuery(id))
  const { data } = meter
  return (
    <PageFrame
      title={data ? t('meter.title', { number: data.number }) : t('nav.meters')} as_of={data?.last_read_at} help={t('meter.help')}
      before={<Link to="/operator/meters">‹ {t('nav.meters')}</Link>} actions={data && <><WorkOrdersOfDevice device={data.id} /><MeterOrders meter={data} /></>}
    >
      <StateView query={meter} height={520}>
        {(found) => (
          <>
            <KeyNumbers meter={found} />
            <Curve meter={found} />
            <div className="grid-2">
              <Measures meter={found} />
              <Orders meter={found} />
            </div>
            <MeterHistory meter={found} />
            <Events meter={found} />
          </>
        )}
      </StateView>
    </PageFrame>
  )
}

function KeyNumbers({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <div className="key-numbers">
      <KeyNumber name={t('meter.register')}><NumberWithUnit figure={meter.register} /></KeyNumber>
      <KeyNumber name={t('meter.state_name')} note={<MediumTag service={meter.service} size={14} />}><MeterStateTag state={meter.state} /></KeyNumber>
      {meter.switch && (
        <KeyNumber name={t(`meter.switch.${meter.switch.kind}`)} note={meter.switch.confirmed_at ? <AgeBadge at={meter.switch.confirmed_at} /> : t('meter.never_confirmed')}>
          <StateTag tone={meter.switch.supply === 'on' ? 'good' : meter.switch.supply === 'off' ? 'bad' : 'late'}>{t(`meter.supply.${meter.switch.supply}`)}</StateTag>
          {meter.switch.supply_guaranteed && <> <StateTag tone="busy">{t('meter.guaranteed')}</StateTag></>}
          {meter.limit && <MeterLimit limit={meter.limit} />}
        </KeyNumber>
      )}
      <MeterClock meter={meter} />
      <KeyNumber name={t('meter.channel')} note={meter.terminal ? <>{pick(meter.terminal.name)} {meter.terminal.last_seen_at && <AgeBadge at={meter.terminal.last_seen_at} />}</> : meter.protocol}>
        {meter.terminal ? <TerminalStateTag state={meter.terminal.state} /> : MISSING}
      </KeyNumber>
    </div>
  )
}

function Curve({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const range = useTimeRange('week')
  const [{ neighbour }] = useUrlState()
  const query = { ...range.query, neighbour }
  const curve = useQuery(curveQuery(meter.id, query))
  const chart = useMeterChart(curve.data, meter.service)
  return (
    <Card title={t('meter.curve')} extra={<ExportButtons path={`/${METERING}/api/meters/${meter.id}/curve`} query={query} />}>
      <div className="stack">
        <div className="row"><TimePicker range={range} spans={['day', 'week', 'month']} /><NeighbourPicker meter={meter.id} /></div>
        <StateView query={curve} height={420} empty={(data) => (data.register.length === 0 && data.load.values.every((value) => value === null) ? t('meter.no_curve') : null)}>
          {() => chart && <Chart {...chart} label={t('meter.curve_label', { number: meter.number, start: range.start, end: range.end })} height={430} />}
        </StateView>
      </div>
    </Card>
  )
}

function Measures({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <Card title={t('meter.now')}>
      {meter.measures.length === 0 && <p className="muted">{t('data.none_yet')}</p>}
      <dl className="facts">
        {meter.measures.map(({ reading_type, name, figure }) => <div key={reading_type}><dt>{pick(name)}</dt><dd><NumberWithUnit figure={figure} /></dd></div>)}
      </dl>
      <hr style={{ border: 0, borderTop: '1px solid var(--line)', margin: '1rem 0' }} />
      <dl className="facts">
        <div><dt>{t('meter.address')}</dt><dd>{meter.address}</dd></div>
        <div><dt>{t('meter.model')}</dt><dd>{meter.model} · {meter.protocol}</dd></div>
        <div><dt>{t('meter.multiplier')}</dt><dd>×{meter.multiplier}</dd></div>
        <div><dt>{t('meter.installed_on')}</dt><dd>{meter.installed_on ?? MISSING}</dd></div>
        <div><dt>{t('meter.usage_point')}</dt><dd>{meter.usage_point ? `${meter.usage_point.number} · ${pick(meter.usage_point.category)}` : MISSING}</dd></div>
        <div><dt>{t('terminal.address')}</dt><dd>{meter.terminal?.address ?? MISSING}</dd></div>
      </dl>
    </Card>
  )
}

function Orders({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const pick = usePick()
  const commands = useQuery(commandsQuery({ meter: meter.id, size: 5 }))
  return (
    <Card title={t('meter.orders')} extra={<Link to="/operator/commands" search={{ meter: meter.id }}>{t('command.all')}</Link>}>
      <StateView query={commands} empty={(data) => (data.total === 0 ? t('meter.no_orders') : null)}>
        {(data) => (
          <div className="stack">
            {data.rows[0] && <><strong>{pick(data.rows[0].kind_name)}</strong><CommandTimeline command={data.rows[0]} /></>}
            {data.rows[0]?.result.map(({ reading_type, name, figure }) => <div key={reading_type} className="between"><span>{pick(name)}</span><NumberWithUnit figure={figure} /></div>)}
            {data.rows.slice(1).map((command) => (
              <div key={command.id} className="between">
                <Link to="/operator/commands/$command" params={{ command: command.id }}>{pick(command.kind_name)} · {instantText(command.created_at)}</Link>
                <CommandStateTag command={command} />
              </div>
            ))}
          </div>
        )}
      </StateView>
    </Card>
  )
}

function Events({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const pick = usePick()
  const columns: Column<MeterEvent>[] = [
    { key: 'at', title: t('event.at'), sortable: true, cell: (event) => instantText(event.at) },
    { key: 'name', title: t('event.name'), cell: (event) => pick(event.name) },
    { key: 'code', title: t('event.code'), cell: (event) => event.code },
    { key: 'severity', title: t('alarm.severity'), cell: (event) => <StateTag tone={event.severity === 'critical' ? 'bad' : event.severity === 'warning' ? 'late' : 'quiet'}>{t(`severity.${event.severity}`)}</StateTag> },
    { key: 'detail', title: t('event.detail'), cell: (event) => pick(event.detail) || MISSING },
    { key: 'received_at', title: t('event.received_at'), cell: (event) => instantText(event.received_at) },
  ]
  return (
    <Card title={t('meter.events')}>
      <DataTable label={t('meter.events')} columns={columns} query={(query) => eventsQuery(meter.id, query)} rowKey={(event) => event.id} empty={t('meter.no_events')} exportPath={`/${METERING}/api/meters/${meter.id}/events`} size={10} />
    </Card>
  )
}
