// The types of docs/api.md, by the same names as the OpenAPI components. When api.d.ts is generated (npm run types), each line here
// becomes `export type X = components['schemas']['X']` and no page changes.

export type Instant = string
export type BusinessDate = string
export type Language = 'zh' | 'en'
export type Service = 'electricity' | 'water' | 'gas' | 'heat'
export type Quality = 'measured' | 'estimated' | 'missing' | 'not_expected' | 'suspect' | 'edited'
export type Severity = 'info' | 'warning' | 'critical'
export type Role = 'resident' | 'operator' | 'company' | 'cashier' | 'steward' | 'government' | 'property' | 'software' | 'admin'

export interface Text { zh: string; en: string }

export interface Figure {
  value: string | null
  unit: string
  as_of: Instant | null
  quality: Quality
  estimated_share: number | null
  reason: Text | null
}

export interface Series {
  unit: string
  start: Instant
  interval_s: number | null
  starts: BusinessDate[] | null
  values: (number | null)[]
  quality: number[] | null
  as_of: Instant | null
  estimated_share: number | null
}

export interface Page<T> { rows: T[]; page: number; size: number; total: number; as_of: Instant | null }

export interface Fault { where: string; what_zh: string; what_en: string }
export interface ErrorBody {
  kind: string
  key: string
  message_zh: string
  message_en: string
  remedy_zh: string
  remedy_en: string
  faults: Fault[]
}

// Front door
export interface HostedCapability { capability: string; of: string[] }
export interface SystemInfo { id: string; name: Text; party: string; party_name: Text; hosts: HostedCapability[] }
export interface Site {
  name: Text
  version: string
  plan: { id: string; title: Text }
  now: Instant
  clock_speed: number
  timezone: string
  demo: boolean
  systems: SystemInfo[]
  hosted_by: Record<string, string[]>
}
export interface Session {
  login: string
  name: string
  roles: Role[]
  rights: string[]
  households: string[]
  hosts: Record<string, Record<string, string>>
  system: string | null
  must_change_password: boolean
  expires_at: Instant
  language: Language
}
export interface User { login: string; name: string; roles: Role[]; system: string | null; locked_until: Instant | null; last_sign_in_at: Instant | null }
export type HealthState = 'up' | 'degraded' | 'down'
export interface HealthCheck { name: Text; state: HealthState; detail: Text }
export interface SystemHealth { id: string; name: Text; state: HealthState; checks: HealthCheck[] }
export interface Health { as_of: Instant; systems: SystemHealth[] }

// Resident
export interface ServiceAccount { service: Service; company: string; company_name: Text; account_number: string; meter_number: string | null; phone: string | null }
export interface Household { account: string; name: string; address: string; accounts: ServiceAccount[] }
export interface Alert { id: string; severity: Severity; service: Service | null; title: Text; detail: Text; at: Instant }
export interface TodayUsage { service: Service; today: Figure; same_time_yesterday: Figure; series: Series }
export interface Today {
  account: string
  as_of: Instant
  payable_fen: number | null
  due_date: BusinessDate | null
  overdue: boolean
  open_bill: string | null
  alerts: Alert[]
  usage: TodayUsage[]
}
export type BillState = 'open' | 'part_paid' | 'paid' | 'overdue' | 'replaced'
export interface PartSummary { service: Service; amount_fen: number; quantity: string; unit: string }
export interface BillSummary {
  number: string
  month: string
  period_start: BusinessDate
  period_end: BusinessDate
  issued_at: Instant
  due_date: BusinessDate
  state: BillState
  total_fen: number
  paid_fen: number
  estimated_parts: number
  parts: PartSummary[]
}
export interface BillLine {
  line: number
  name: Text
  detail: Text | null
  quantity: string | null
  unit: string | null
  price: string | null
  amount_exact: string
  amount_fen: number
}
/** One of several meters of a period, because it was exchanged; `to` is the day it was taken out. */
export interface MeterOfBill { meter_number: string; start: string | null; end: string | null; since: BusinessDate; to: BusinessDate | null; quantity: string | null }
export interface BillPart extends PartSummary {
  company: string
  company_name: Text
  account_number: string
  meter_number: string
  bill_number: string
  version: number
  tariff: Text
  register_start: string | null
  register_end: string | null
  register_start_at: Instant | null
  register_end_at: Instant | null
  meters: MeterOfBill[]
  multiplier: string
  is_estimated: boolean
  estimated_share: number | null
  lines: BillLine[]
  paid_fen: number
  due_date: BusinessDate
}
export interface MonthTotal { month: string; total_fen: number; parts: PartSummary[] }
export interface HistoryMonth { month: string; parts: (PartSummary & { is_estimated: boolean })[] }
export interface WhyStep { service: Service; cause: 'usage' | 'price' | 'days' | 'fixed' | 'other'; label: Text; delta_fen: number }
export interface BillQuestion { id: string; bill_number: string; line: number | null; text: string; state: 'received' | 'answered'; asked_at: Instant; expected_by: BusinessDate; answer: string | null }
export interface LateFeeOfBill { service: Service; company: string; company_name: Text; account_number: string; bill_number: string; month: string; first_day: BusinessDate; last_day: BusinessDate; amount_fen: number; paid_fen: number }
export interface CombinedBill extends Omit<BillSummary, 'parts'> {
  account: string
  name: string
  address: string
  as_of: Instant
  parts: BillPart[]
  late_fees: LateFeeOfBill[]
  last_month: MonthTotal | null
  last_year: MonthTotal | null
  history: HistoryMonth[]
  why: WhyStep[]
  questions: BillQuestion[]
}
export type UsageStep = 'interval' | 'hour' | 'day' | 'month'
export interface TariffBand { start: Instant; end: Instant; period: 'sharp' | 'peak' | 'flat' | 'valley' | 'deep_valley'; name: Text; price: string }
export interface Usage {
  service: Service
  step: UsageStep
  start: Instant
  end: Instant
  series: Series
  money: Series | null
  money_note: Text
  carbon: Series | null
  carbon_note: Text
  bands: TariffBand[]
  total: Figure
  peak: Figure
  peak_at: Instant | null
  base_load: Figure
  money_fen: number | null
  compare: { start: Instant; end: Instant; series: Series; total: Figure } | null
}
export interface UsageCalendar { service: Service; year: number; unit: string; days: { date: BusinessDate; value: number | null; quality: Quality }[]; as_of: Instant | null }
export interface DueBill { bill_number: string; month: string; amount_fen: number; paid_fen: number; late_fee_fen: number; payable_fen: number; due_date: BusinessDate; overdue: boolean }
export interface DuesOfCompany { company: string; company_name: Text; service: Service; account_number: string; payable_fen: number; bills: DueBill[] }
export interface PaymentChannel { id: string; name: Text }
export type PaymentState = 'pending' | 'succeeded' | 'failed' | 'expired' | 'refunded' | 'part_refunded'
export interface PaymentPart { company: string; company_name: Text; service: Service; bill_number: string; is_late_fee: boolean; amount_fen: number }
export interface RefundOfPayment { id: string; amount_fen: number; decided_at: Instant; done: boolean }
export interface Payment {
  reference: string
  account: string
  state: PaymentState
  amount_fen: number
  refunded_fen: number
  refunds: RefundOfPayment[]
  purpose: 'bills' | 'top_up' | 'automatic'
  credit_fen: number
  split: PaymentPart[]
  channel: string
  channel_name: Text
  channel_reference: string | null
  redirect_url: string | null
  created_at: Instant
  expires_at: Instant
  paid_at: Instant | null
  receipt_number: string | null
  reason: Text | null
}
export interface Mandate { id: string; account: string; state: 'pending' | 'signed' | 'declined' | 'revoked'; limit_fen: number; channel: string; channel_name: Text; redirect_url: string | null; decided_at: Instant | null; next_day: BusinessDate | null; next_fen: number | null }
export interface Dues { account: string; as_of: Instant; payable_fen: number; credit_fen: number; due_date: BusinessDate | null; companies: DuesOfCompany[]; channels: PaymentChannel[]; open_payment: Payment | null; mandate: Mandate | null }
export interface InvoiceRow { company_name: Text; service: Service; account_number: string; bill_number: string; month: string; charges_fen: number; late_fee_fen: number; amount_fen: number; reference: string; paid_at: Instant }
export interface NotYetInvoiced { company_name: Text; service: Service; bill_number: string; month: string; open_fen: number }
export interface InvoiceBasis { account: string; as_of: Instant; payment: string | null; bill: string | null; rows: InvoiceRow[]; not_yet: NotYetInvoiced[]; reason: Text | null }

// Topology
export interface TopologyNode {
  id: string
  instances: number
  name: Text
  party: string
  party_name: Text
  zone: string
  zone_name: Text
  hosts: HostedCapability[]
  running: boolean
  column: number
  top: number
  state: NodeState
  last_seen_at: Instant | null
  software_seen_at: Instant | null
}
export type NodeState = 'up' | 'down' | 'silent' | 'unheard' | 'beyond' | 'not_run' | 'not_built'
export type EdgeState = 'flowing' | 'idle' | 'uncounted' | 'waiting' | 'refused' | 'broken' | 'not_run' | 'not_built'
export interface TopologyEdge {
  id: string
  row: string
  source: string
  target: string
  direction: 'up' | 'down'
  control: boolean
  messages: { id: string; name: Text; class: string | null; built: boolean }[]
  state: EdgeState
  per_minute: number | null
  delay_s: number | null
  delivered: number | null
  refused: number
  last_at: Instant | null
  provenance: 'paper' | 'inferred' | 'product'
}
export interface PlanNamed { id: string; title: Text }
export interface Topology { as_of: Instant; plan: PlanNamed; plans: PlanNamed[]; running: string; nodes: TopologyNode[]; edges: TopologyEdge[] }
export interface TopologyMessage {
  id: string
  message: string
  name: Text
  sender: string
  receiver: string
  sent_at: Instant
  delivered_at: Instant | null
  state: 'delivered' | 'waiting' | 'refused' | 'parked'
  rows: number | null
  bytes: number
  reason: Text | null
}

// Operator
export type LossState = 'good' | 'late' | 'bad' | 'negative' | 'unknown'
export interface Loss {
  service: Service
  day: BusinessDate | null
  rate: Figure
  lost: Figure
  supplied: Figure
  sold: Figure
  state: LossState
  target_percent: number | null
  limit_percent: number | null
  meters: number
  meters_with_data: number
  areas: number
  areas_with_rate: number
}
export interface Overview {
  as_of: Instant
  load: Figure
  collection_rate: Figure
  loss: Loss
  meters: number
  terminals: number
  silent_terminals: number
  open_alarms: number
  waiting_commands: number
}
export type MapLayer = 'district' | 'community' | 'supply_area' | 'line' | 'pipe' | 'terminal' | 'home' | 'water_body' | 'label'
export interface MapProperties {
  id: string
  layer: MapLayer
  name: Text
  service: Service | null
  value: number | null
  unit: string | null
  collection_rate: number | null
  alarms: number
  state: 'good' | 'late' | 'bad' | 'unknown'
  loss_rate: number | null
  lost: number | null
  lost_unit: string | null
  loss_day: BusinessDate | null
  loss_state: LossState
}
export interface CityMap { as_of: Instant; bounds: [number, number, number, number]; features: GeoJSON.FeatureCollection<GeoJSON.Geometry, MapProperties> }
export interface Alarm { id: string; severity: Severity; state: 'open' | 'closed'; name: Text; meter: string | null; terminal: string | null; area: string | null; where: Text; at: Instant; closed_at: Instant | null }
export interface Terminal {
  id: string
  address: string
  name: Text
  kind: 'concentrator' | 'load' | 'transformer' | 'substation' | 'transparent'
  protocol: string
  area: string | null
  area_name: Text | null
  meters: number
  state: 'online' | 'silent' | 'never_seen'
  last_seen_at: Instant | null
  collection_rate: number | null
  clock_drift_s: number | null
}
export interface Area {
  id: string
  layer: MapLayer
  name: Text
  parent: { id: string; name: Text } | null
  as_of: Instant
  load: Figure
  energy_today: Figure
  collection_rate: Figure
  loss: Loss
  meters: { service: Service; total: number; silent: number }[]
  terminals: Terminal[]
  alarms: Alarm[]
  profile: Series | null
}
export interface Collection {
  as_of: Instant
  start: Instant
  end: Instant
  rates: { interval: Figure; daily: Figure; monthly: Figure; monthly_of: string | null }
  late: number
  silent_terminals: number
  funnel: { planned: number; reached: number; read: number; stored: number }
  days: BusinessDate[]
  terminals: { id: string; name: Text; meters: number; state: Terminal['state'] }[]
  cells: (number | null)[][]
  missing: { terminal: string; count: number; oldest: Instant }[]
}
export interface OverviewThen { as_of: Instant; start: Instant; load: Figure; collection_rate: Figure; loss: Loss; open_alarms: number }
export interface ScheduleVersion { version: number; every_s: number; delay_s: number; is_collected: boolean; starts_at: Instant; made_at: Instant; made_by: string; reason: string; restores: number | null }
export interface ScheduleRow {
  item: string
  name: Text
  service: Service
  kind: 'interval' | 'daily' | 'monthly'
  how: Text
  channels: number
  slot_s: number
  every_s: number
  delay_s: number
  is_collected: boolean
  least_every_s: number
  longest_every_s: number
  version: number
  coming: ScheduleVersion | null
  versions: ScheduleVersion[]
}
export interface Schedules { as_of: Instant; rows: ScheduleRow[] }
export const ORDER_KINDS = ['no_contact', 'missing_data', 'clock', 'meter_fault', 'damage', 'other'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]
export type OrderState = 'open' | 'in_progress' | 'done' | 'cancelled'
export interface WorkOrderRow {
  number: string
  device: string
  device_kind: 'terminal' | 'meter'
  where: Text
  kind: OrderKind
  kind_text: Text
  state: OrderState
  state_text: Text
  reason: string
  assigned_to: string
  opened_by: string
  opened_at: Instant
  changed_at: Instant
  closed_at: Instant | null
}
export interface WorkOrder extends WorkOrderRow {
  alarm: string | null
  next: OrderState[]
  steps: { at: Instant; state: OrderState; by: string; assigned_to: string; note: string }[]
}
export interface WorkOrdersOpened { orders: WorkOrder[]; opened: number; existed: number }
export interface Recollection { job: string; tasks: number }
export interface MeterRow {
  id: string
  number: string
  service: Service
  model: string
  model_name: Text
  address: string
  area_name: Text | null
  terminal: string | null
  state: 'normal' | 'silent' | 'off' | 'fault' | 'exchanged'
  register: Figure
  last_read_at: Instant | null
}
export interface Measure { reading_type: string; name: Text; figure: Figure }
export type CommandKind = 'read_on_demand' | 'disconnect' | 'limit_supply' | 'reconnect' | 'close_valve' | 'open_valve' | 'synchronize_clock' | 'set_profile'
export interface Meter extends Omit<MeterRow, 'terminal'> {
  protocol: string
  installed_on: BusinessDate | null
  multiplier: string
  measures: Measure[]
  switch: { kind: 'relay' | 'valve'; supply: 'on' | 'off' | 'unknown'; confirmed_at: Instant | null; supply_guaranteed: boolean } | null
  clock_drift_s: number | null
  clock_margin_s: number | null
  clock_checked_at: Instant | null
  clock_state: 'right' | 'off' | 'no_time' | 'unknown'
  clock_limit_s: number
  clock_note: Text | null
  terminal: Terminal | null
  usage_point: { number: string; category: Text } | null
  installations: { from: Instant; to: Instant | null; multiplier: string; usage_point: string }[]
  commands_allowed: CommandKind[]
  /** A cut that ends by itself and was not read back as ended; times are upper bounds. */
  limit: SupplyLimit | null
  /** Why this meter can never take one; null when it can. */
  limit_refusal: Text | null
}
export interface SupplyLimit { command: string; minutes: number; state: 'sent' | 'off' | 'due' | 'late' | 'unknown'; off_since: Instant | null; back_by: Instant | null; back_at_latest: Instant }
export interface MeterEvent { id: string; at: Instant; received_at: Instant; code: string; name: Text; severity: Severity; detail: Text | null }
export interface DayCompared { day: BusinessDate; energy: number | null; neighbour: number | null; difference_percent: number | null }
export interface Neighbour { id: string; number: string; address: string; area_name: Text | null; is_same_area: boolean }
export interface ExchangeForm { meter: string; number: string; unit: string; last_register: string | null; last_read_at: Instant | null; installed_at: Instant; protocols: string[]; has_point: boolean; refusal: Text | null }
export interface MeterExchange {
  id: string
  version: number
  is_current: boolean
  at: Instant
  old_meter: string
  old_number: string
  new_meter: string
  new_number: string
  new_protocol: string
  new_address: string
  new_point: number | null
  final_register: string
  start_register: string
  unit: string
  final_source: 'read' | 'typed'
  reason: string
  recorded_by: string
  recorded_at: Instant
}
export interface MeterCurve {
  start: Instant
  end: Instant
  register: { at: Instant; value: string; quality: Quality }[]
  register_unit: string
  load: Series
  energy: Series
  compare: Series | null
  neighbour: { id: string; number: string; address: string; load: Series; days: DayCompared[] } | null
  events: MeterEvent[]
  as_of: Instant | null
}
export type CommandState = 'awaiting_approval' | 'queued' | 'sent' | 'answered' | 'holding' | 'finished'
export type CommandOutcome = 'done' | 'refused' | 'expired' | 'unknown'
export type CommandStepName = 'ordered' | 'approved' | 'rejected' | 'queued' | 'sent' | 'answered' | 'holding' | 'read_back' | 'finished' | 'cancelled'
export interface CommandStep { step: CommandStepName; at: Instant; by: string | null; detail: Text | null }
export interface Command {
  id: string
  kind: CommandKind
  kind_name: Text
  meter: string
  meter_number: string
  service: Service
  address: string
  reason: string
  ordered_by: string
  approved_by: string | null
  on_site_by: string | null
  minutes: number | null
  off_since: Instant | null
  back_by: Instant | null
  state: CommandState
  outcome: CommandOutcome | null
  outcome_detail: Text | null
  steps: CommandStep[]
  result: Measure[]
  created_at: Instant
  expires_at: Instant
  finished_at: Instant | null
  needs_approval: boolean
}
export interface CommandEffect { kind: CommandKind; meter: string; effect: Text; homes: number; supply_guaranteed: boolean; allowed: boolean; refusal: Text | null; needs_approval: boolean; needs_on_site: boolean; needs_minutes: boolean; expires_in_s: number }
export interface CommandSummary { as_of: Instant; answered_rate: Figure; median_s: Figure; waiting: number; awaiting_approval: number; unknown: number }

// Company
export interface CompanyOverview {
  as_of: Instant
  month: string
  months: string[]
  service: Service
  bills: number
  amount_fen: number
  paid_fen: number
  overdue_fen: number
  estimated_bills: number
  blocked: number
  previous_amount_fen: number | null
  ledger_sum_fen: number
}
export interface CompanyBillRow {
  bill_number: string
  version: number
  account_number: string
  name: string
  meter_number: string
  month: string
  period_start: BusinessDate
  period_end: BusinessDate
  quantity: string
  unit: string
  is_estimated: boolean
  amount_fen: number
  paid_fen: number
  due_date: BusinessDate
  state: BillState
}
export interface CompanyBill extends CompanyBillRow {
  address: string
  tariff: Text
  register_start: string | null
  register_end: string | null
  register_start_at: Instant | null
  register_end_at: Instant | null
  meters: MeterOfBill[]
  multiplier: string
  lines: BillLine[]
  payments: { reference: string; amount_fen: number; paid_at: Instant }[]
  provenance: { readings_snapshot: string; installation_version: string; rules_version: string }
  late_fee_fen: number
}

export type RefundState = 'asked' | 'ordered' | 'done' | 'rejected'
export interface Refund { id: string; payment: string; account: string; state: RefundState; amount_fen: number; payment_fen: number; reason: string; asked_by: string; asked_at: Instant; approved_by: string | null; rejected_by: string | null; decided_at: Instant | null; decision_reason: string | null; channel: string; channel_name: Text }

// Announcements
export type Medium = Service | Publisher
/** What announcements are of that are of no medium. */
export type Publisher = 'government' | 'community' | 'building'
export const isService = (medium: Medium): medium is Service => medium !== 'government' && medium !== 'community' && medium !== 'building'
export const NOTICE_KINDS = ['outage', 'fault', 'price', 'safety', 'general'] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]
export type OfficeState = 'draft' | 'scheduled' | 'published' | 'withdrawn'
export type NoticeStanding = 'ahead' | 'now' | 'over' | 'withdrawn'
export interface NoticeArea { kind: 'city' | 'places' | 'outline'; places: { id: string; name: Text }[]; outline: GeoJSON.MultiPolygon | null }
export interface NoticeWords { service: Medium; kind: NoticeKind; kind_text: Text; title: Text; text: Text; starts_at: Instant; ends_at: Instant | null; area: NoticeArea }
export interface HomeNotice extends NoticeWords {
  office: string; id: string; edition: number; publisher_name: Text; standing: NoticeStanding; standing_text: Text; published_at: Instant; is_affected: boolean; is_read: boolean
}
export interface NoticeStub { office: string; id: string; edition: number }
export interface NoticesWaiting { unread: number; waiting: NoticeStub[] }
export interface NoticeReach { id: string; title: Text; service: Medium; state: 'published' | 'withdrawn'; edition: number; published_at: Instant; recipients: number; delivered: number; read: number }
export interface OfficeNoticeRow {
  id: string; state: OfficeState; state_text: Text; service: Medium; kind: NoticeKind; kind_text: Text; title: Text; starts_at: Instant; ends_at: Instant | null
  publish_at: Instant | null; published_at: Instant | null; changed_at: Instant; changed_by: string; edition: number
}
export interface NoticeEdition { edition: number; state: 'published' | 'withdrawn'; title: Text; told_at: Instant; told_by: string }
export interface OfficeNotice extends OfficeNoticeRow { revision: number; words: NoticeWords; withdrawn_because: string | null; editions: NoticeEdition[] }
export interface AreaProperties { id: string; kind: 'city' | 'district' | 'community' | 'building' | 'home'; parent: string | null; name: Text }
export interface AreaMap { bounds: [number, number, number, number]; features: GeoJSON.FeatureCollection<GeoJSON.Geometry, AreaProperties>; media: Medium[]; areas: NoticeArea['kind'][]; choosable: ('district' | 'community' | 'building')[] }
export interface NoticeGiven {
  service: Medium; kind: NoticeKind; title_zh: string; title_en: string; text_zh: string; text_en: string; starts_at: Instant; ends_at: Instant | null
  area: { kind: NoticeArea['kind']; places?: string[]; outline?: GeoJSON.MultiPolygon | null }
}

export type PointOrderState = 'approved' | 'sent' | 'confirmed' | 'refused' | 'expired' | 'unknown' | 'cancelled'
export interface ItemNow { item: string; name: Text; value: number; unit: string; as_of: Instant; heard_at: Instant }
export interface PointNow { point: string; kind: string; name: Text; sets: string | null; items: ItemNow[] }
export interface HomeOrder {
  id: string; point: string; value: number; state: PointOrderState; state_text: Text; outcome: 'done' | 'refused' | 'expired' | 'unknown' | null; reason: Text | null
  requested_at: Instant; expires_at: Instant; sent_at: Instant | null; resolved_at: Instant | null; read_back: number | null
}
export interface HomeGateway { place: string; has_credential: boolean; came_in_at: Instant | null; orders: HomeOrder[] }
export interface HomeNow { gateway: HomeGateway; points: PointNow[]; heard_at: Instant | null; as_of: Instant }
export interface HomeEvent { point: string; point_name: Text; code: string; text: Text; severity: Severity; at: Instant; heard_at: Instant }
export interface HomeHeard { points: { point: string; items: ItemNow[] }[]; events: HomeEvent[]; as_of: Instant }
export interface HomeEvents { rows: HomeEvent[]; as_of: Instant }
export interface PointHistory { point: string; item: string; unit: string; at: number[]; values: number[]; as_of: Instant }
export interface UsageDay { service: Service; service_name: Text; reading_type: number; business_date: string; version: number; amount: string | null; unit: string; is_received: boolean }
export interface HomeUsage { rows: UsageDay[]; as_of: Instant }
