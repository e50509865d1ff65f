import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, getSession, getSite, type Query } from './client'
import type * as T from './types'

/** Whom a page asks: the capability; which system hosts it is the plan's. */
export const PLATFORM = 'settlement'
export const METERING = 'metering'
export const POOL = 'sharing'
export const PLACES = 'places'
export const POINTS = 'points'

/** What may change on the server and so make an answer old (docs/api.md, Changes). */
export type Topic = 'readings' | 'collection' | 'bills' | 'dues' | 'payments' | 'commands' | 'alarms' | 'work_orders' | 'notices' | 'notice_reach' | 'inquiries' | 'disclosures' | 'provisions' | 'consents' | 'places' | 'data_requests' | 'parked' | 'gateways'

declare module '@tanstack/react-query' {
  interface Register {
    queryMeta: { system?: string; topics?: Topic[] }
  }
}

/** One GET of one system (or of whoever hosts a capability), asked again when one of its topics changes. */
export function fact<A>(system: string, topics: Topic[], path: string, query: Query = {}) {
  return queryOptions({
    queryKey: [system, path, query],
    queryFn: ({ signal }) => get<A>(`/${system}/api${path}`, query, signal),
    meta: { system, topics },
    placeholderData: keepPreviousData,
  })
}

export const siteQuery = queryOptions({ queryKey: ['site'], queryFn: getSite, staleTime: 300_000 })

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: getSession,
})

export const usersQuery = (query: Query) =>
  queryOptions({ queryKey: ['users', query], queryFn: () => get<T.Page<T.User>>('/api/users', query), placeholderData: keepPreviousData })
export const healthQuery = queryOptions({ queryKey: ['health'], queryFn: () => get<T.Health>('/api/health'), refetchInterval: 10_000 })

const ofHousehold = (account: string, rest: string) => `/households/${encodeURIComponent(account)}/${rest}`
export const householdsQuery = fact<{ rows: T.Household[] }>(PLATFORM, [], '/households')
export const todayQuery = (account: string) => fact<T.Today>(PLATFORM, ['readings', 'dues', 'bills', 'payments', 'alarms'], ofHousehold(account, 'today'))
export const billsQuery = (account: string, query: Query) => fact<T.Page<T.BillSummary>>(PLATFORM, ['bills', 'dues'], ofHousehold(account, 'bills'), query)
export const billQuery = (account: string, number: string) =>
  fact<T.CombinedBill>(PLATFORM, ['bills', 'dues'], ofHousehold(account, `bills/${encodeURIComponent(number)}`))
export const usageQuery = (account: string, query: Query) => fact<T.Usage>(PLATFORM, ['readings'], ofHousehold(account, 'usage'), query)
export const calendarQuery = (account: string, query: Query) => fact<T.UsageCalendar>(PLATFORM, ['readings'], ofHousehold(account, 'usage/calendar'), query)
export const duesQuery = (account: string) => fact<T.Dues>(PLATFORM, ['dues', 'payments'], ofHousehold(account, 'dues'))
export const paymentsQuery = (account: string, query: Query) => fact<T.Page<T.Payment>>(PLATFORM, ['payments'], ofHousehold(account, 'payments'), query)
export const paymentQuery = (account: string, reference: string) =>
  fact<T.Payment>(PLATFORM, ['payments'], ofHousehold(account, `payments/${encodeURIComponent(reference)}`))
export const invoiceBasisQuery = (account: string, query: Query) => fact<T.InvoiceBasis>(PLATFORM, ['payments', 'dues'], ofHousehold(account, 'invoice-basis'), query)

export const topologyQuery = (query: Query) => ({ ...fact<T.Topology>(POOL, [], '/topology', query), refetchInterval: 5_000 })
export const edgeMessagesQuery = (edge: string, query: Query) =>
  fact<T.Page<T.TopologyMessage>>(POOL, [], `/topology/edges/${encodeURIComponent(edge)}/messages`, query)

export const overviewQuery = (query: Query) => fact<T.Overview>(METERING, ['readings', 'collection', 'alarms', 'commands'], '/overview', query)
export const mapQuery = (query: Query) => fact<T.CityMap>(METERING, ['collection', 'alarms'], '/map', query)
export const overviewThenQuery = (query: Query) => fact<T.OverviewThen>(METERING, ['collection', 'alarms'], '/overview/then', query)
export const schedulesQuery = (query: Query) => fact<T.Schedules>(METERING, ['collection'], '/collection/schedules', query)
export const workOrdersQuery = (query: Query) => fact<T.Page<T.WorkOrderRow>>(METERING, ['work_orders'], '/work-orders', query)
export const workOrderQuery = (number: string) => fact<T.WorkOrder>(METERING, ['work_orders'], `/work-orders/${encodeURIComponent(number)}`)
export const areaQuery = (id: string, query: Query) => fact<T.Area>(METERING, ['readings', 'collection', 'alarms'], `/areas/${encodeURIComponent(id)}`, query)
export const alarmsQuery = (query: Query) => fact<T.Page<T.Alarm>>(METERING, ['alarms'], '/alarms', query)
export const collectionQuery = (query: Query) => fact<T.Collection>(METERING, ['collection'], '/collection', query)
export const terminalsQuery = (query: Query) => fact<T.Page<T.Terminal>>(METERING, ['collection'], '/terminals', query)
export const metersQuery = (query: Query) => fact<T.Page<T.MeterRow>>(METERING, ['readings'], '/meters', query)
export const meterQuery = (id: string) => fact<T.Meter>(METERING, ['readings', 'commands'], `/meters/${encodeURIComponent(id)}`)
export const curveQuery = (id: string, query: Query) => fact<T.MeterCurve>(METERING, ['readings'], `/meters/${encodeURIComponent(id)}/curve`, query)
export const neighboursQuery = (id: string) => fact<{ rows: T.Neighbour[] }>(METERING, [], `/meters/${encodeURIComponent(id)}/neighbours`)
export const exchangesQuery = (id: string) => fact<{ rows: T.MeterExchange[] }>(METERING, ['readings'], `/meters/${encodeURIComponent(id)}/exchanges`)
export const exchangeFormQuery = (id: string) => fact<T.ExchangeForm>(METERING, [], `/meters/${encodeURIComponent(id)}/exchange-form`)
export const eventsQuery = (id: string, query: Query) => fact<T.Page<T.MeterEvent>>(METERING, ['alarms', 'readings'], `/meters/${encodeURIComponent(id)}/events`, query)
export const commandSummaryQuery = fact<T.CommandSummary>(METERING, ['commands'], '/commands/summary')
export const commandsQuery = (query: Query) => fact<T.Page<T.Command>>(METERING, ['commands'], '/commands', query)
export const commandQuery = (id: string) => fact<T.Command>(METERING, ['commands'], `/commands/${encodeURIComponent(id)}`)
export const effectQuery = (kind: T.CommandKind, meter: string) => fact<T.CommandEffect>(METERING, ['commands'], '/commands/effect', { kind, meter })

export const companyOverviewQuery = (system: string, query: Query) => fact<T.CompanyOverview>(system, ['bills', 'dues'], '/overview', query)
export const companyBillsQuery = (system: string, query: Query) => fact<T.Page<T.CompanyBillRow>>(system, ['bills', 'dues'], '/bills', query)
export const refundsQuery = (system: string, query: Query) => fact<T.Page<T.Refund>>(system, ['payments'], '/refunds', query)
export const companyBillQuery = (system: string, number: string) => fact<T.CompanyBill>(system, ['bills', 'dues'], `/bills/${encodeURIComponent(number)}`)

export const homeNoticesQuery = (account: string, query: Query) => fact<T.Page<T.HomeNotice>>(PLATFORM, ['notices'], ofHousehold(account, 'notices'), query)
export const noticesWaitingQuery = (account: string) => fact<T.NoticesWaiting>(PLATFORM, ['notices'], ofHousehold(account, 'notices/waiting'))
export const noticeMapQuery = (account: string) => fact<T.AreaMap>(PLATFORM, [], ofHousehold(account, 'notices/map'))
export const noticeReachQuery = (system: string, query: Query) => fact<T.Page<T.NoticeReach>>(PLATFORM, ['notices', 'notice_reach'], `/offices/${encodeURIComponent(system)}/notices`, query)
export const officeNoticesQuery = (system: string, query: Query) => fact<T.Page<T.OfficeNoticeRow>>(system, ['notices'], '/notices', query)
export const officeNoticeQuery = (system: string, id: string) => fact<T.OfficeNotice>(system, ['notices'], `/notices/${encodeURIComponent(id)}`)
export const officeAreasQuery = (system: string) => fact<T.AreaMap>(system, [], '/notice-areas')

/** A home changes by the second; what is told of it is asked for again, however the changes come. */
const LIVE_MS = 3_000
export const homeNowQuery = (account: string) => ({ ...fact<T.HomeNow>(PLACES, ['places'], ofHousehold(account, 'places')), refetchInterval: LIVE_MS })
export const homeEventsQuery = (account: string) => ({ ...fact<T.HomeEvents>(PLACES, ['places'], ofHousehold(account, 'places/events')), refetchInterval: 2 * LIVE_MS })
export const homeHeardQuery = (account: string) => ({ ...fact<T.HomeHeard>(PLATFORM, ['places'], ofHousehold(account, 'points')), refetchInterval: 2 * LIVE_MS })
export const homeUsageQuery = (account: string) => fact<T.HomeUsage>(PLACES, ['readings'], ofHousehold(account, 'places/usage'))
export const pointHistoryQuery = (account: string, point: string, query: Query) => fact<T.PointHistory>(PLACES, [], ofHousehold(account, `places/points/${encodeURIComponent(point)}/history`), query)
