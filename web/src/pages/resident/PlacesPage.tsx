import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { homeEventsQuery, homeNowQuery, homeUsageQuery } from '../../api/queries'
import type { HomeEvent, HomeNow, PointNow, UsageDay } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { exactText, numberText, unitText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { itemOf, LATE_S, PlaceHistory, PlaceSwitch, Value } from './placeParts'
import './resident.css'

/** What is on in my home, can I switch it, has anything happened: as its gateway says, from anywhere. */
export function PlacesPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const home = useQuery(homeNowQuery(account))
  return (
    <PageFrame title={t('nav.places')} as_of={home.data?.as_of} help={t('places.help')}>
      <StateView query={home} height={420} empty={(data) => (data.points.length === 0 ? t('places.nothing_yet') : null)}>
        {(data) => (
          <>
            <PowerNow home={data} />
            <Switches home={data} account={account} />
            <div className="grid-2">
              <Circuits points={data.points} />
              <Sensors points={data.points} />
            </div>
            <PlaceHistory account={account} until={data.as_of} />
            <Events account={account} />
            <MeterData account={account} />
          </>
        )}
      </StateView>
    </PageFrame>
  )
}

function PowerNow({ home }: { home: HomeNow }) {
  const { t } = useTranslation()
  const power = itemOf(home.points.find(({ kind }) => kind === 'main'), 'power')
  return (
    <section className="card due" aria-labelledby="power-name">
      <div>
        <h2 id="power-name">{t('places.power')}</h2>
        <p className="due-amount" data-testid="power-now">{power ? <Value item={power} /> : '—'}</p>
        {power && <AgeBadge at={power.as_of} late_after_s={LATE_S} />}
      </div>
      {!home.heard_at && <StateTag tone="quiet">{t('places.never')}</StateTag>}
    </section>
  )
}

function Switches({ home, account }: { home: HomeNow; account: string }) {
  const { t } = useTranslation()
  const points = home.points.filter(({ sets }) => sets)
  if (points.length === 0) return null
  return (
    <Card title={t('places.switches')}>
      <ul className="alerts">
        {points.map((point) => <li key={point.point}><PlaceSwitch point={point} order={home.gateway.orders.find((order) => order.point === point.point)} account={account} /></li>)}
      </ul>
    </Card>
  )
}

function Circuits({ points }: { points: PointNow[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  const rows = points.filter(({ kind }) => kind === 'circuit' || kind === 'plug' || kind === 'register')
  return (
    <Card title={t('places.circuits')}>
      <table className="plain-table">
        <thead><tr><th scope="col">{t('places.circuit')}</th><th scope="col">{t('places.power')}</th><th scope="col">{t('places.used')}</th></tr></thead>
        <tbody>
          {rows.map((point) => {
            const power = itemOf(point, 'power')
            const used = itemOf(point, 'energy') ?? itemOf(point, 'water') ?? itemOf(point, 'gas')
            return <tr key={point.point}><th scope="row">{pick(point.name)}</th><td>{power ? <Value item={power} /> : '—'}</td><td>{used ? <Value item={used} /> : '—'}</td></tr>
          })}
        </tbody>
      </table>
    </Card>
  )
}

function Sensors({ points }: { points: PointNow[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  const rows = points.flatMap((point) => point.items.filter(({ item }) => item === 'open' || item === 'smoke').map((item) => ({ point, item })))
  return (
    <Card title={t('places.sensors')}>
      <ul className="alerts">
        {rows.map(({ point, item }) => (
          <li key={`${point.point}/${item.item}`} className="between">
            <span>{pick(point.name)}</span>
            <span className="row">
              <StateTag tone={item.value ? (item.item === 'smoke' ? 'bad' : 'late') : 'good'}>{t(`places.sensor.${item.item as 'open' | 'smoke'}.${item.value ? 'yes' : 'no'}`)}</StateTag>
              <AgeBadge at={item.as_of} late_after_s={LATE_S} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Events({ account }: { account: string }) {
  const { t } = useTranslation()
  const events = useQuery(homeEventsQuery(account))
  return (
    <Card title={t('places.events')}>
      <StateView query={events} height={120} empty={(data) => (data.rows.length === 0 ? t('places.no_events') : null)}>
        {(data) => <ul className="alerts" aria-label={t('places.events')}>{data.rows.slice(0, 12).map((event) => <Event key={`${event.point}/${event.code}/${event.at}`} event={event} />)}</ul>}
      </StateView>
    </Card>
  )
}

function Event({ event }: { event: HomeEvent }) {
  const { t } = useTranslation()
  const pick = usePick()
  const tone = event.severity === 'critical' ? 'bad' : event.severity === 'warning' ? 'late' : 'busy'
  return (
    <li className="between">
      <span className="row"><StateTag tone={tone}>{t(`severity.${event.severity}`)}</StateTag> <strong>{pick(event.text)}</strong> <span className="muted">{pick(event.point_name)}</span></span>
      <AgeBadge at={event.at} />
    </li>
  )
}

/** What the three meters counted, as it was told to the gateway: one row a day and medium. */
function MeterData({ account }: { account: string }) {
  const { t } = useTranslation()
  const usage = useQuery(homeUsageQuery(account))
  return (
    <Card title={t('places.usage')}>
      <StateView query={usage} height={120} empty={(data) => (told(data.rows).length === 0 ? t('places.no_usage') : null)}>
        {(data) => (
          <table className="plain-table">
            <thead><tr><th scope="col">{t('places.day')}</th><th scope="col">{t('places.medium')}</th><th scope="col">{t('places.used')}</th><th scope="col">{t('places.known')}</th></tr></thead>
            <tbody>
              {told(data.rows).map((row) => (
                <tr key={`${row.business_date}/${row.service}/${row.reading_type}`}>
                  <td>{row.business_date}{row.version === 0 && <span className="muted"> {t('places.so_far')}</span>}</td>
                  <td><MediumTag service={row.service} size={16} /></td>
                  <td title={exactText(row.amount)}>{numberText(row.amount, row.unit)} {unitText(row.unit)}</td>
                  <td><StateTag tone={row.is_received ? 'good' : 'busy'}>{t(`places.received.${row.is_received ? 'yes' : 'no'}`)}</StateTag></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </StateView>
    </Card>
  )
}

/** Of several registers of one medium the one that counted the most: the whole, not one of its tariffs. */
function told(rows: UsageDay[]): UsageDay[] {
  const whole = new Map<string, UsageDay>()
  for (const row of rows) {
    const key = `${row.business_date}/${row.service}`
    if (row.amount !== null && Number(row.amount) >= Number(whole.get(key)?.amount ?? -1)) whole.set(key, row)
  }
  return [...whole.values()]
}
