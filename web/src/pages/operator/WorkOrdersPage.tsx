import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { METERING, workOrderQuery, workOrdersQuery } from '../../api/queries'
import { ORDER_KINDS, type OrderState, type WorkOrder, type WorkOrderRow } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING, secondsText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import './operator.css'
import { WorkOrderSteps } from './WorkOrderSteps'

const TONES: Record<OrderState, Tone> = { open: 'late', in_progress: 'busy', done: 'good', cancelled: 'quiet' }
const STATES = ['unfinished', 'open', 'in_progress', 'done', 'cancelled'] as const

/** Who is sent where, why, and how far they are. */
export function WorkOrdersPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const [state, setState] = useUrlState()
  const columns: Column<WorkOrderRow>[] = [
    { key: 'number', title: t('work_order.number'), sortable: true, cell: (row) => <button type="button" className="link-button" onClick={() => setState({ order: row.number }, false)}>{row.number}</button> },
    { key: 'state', title: t('work_order.state_name'), sortable: true, cell: (row) => <StateTag tone={TONES[row.state]}>{pick(row.state_text)}</StateTag> },
    { key: 'kind', title: t('work_order.kind_name'), sortable: true, cell: (row) => pick(row.kind_text) },
    { key: 'device', title: t('work_order.where'), sortable: true, cell: (row) => <Device row={row} /> },
    { key: 'reason', title: t('confirm.reason'), cell: (row) => row.reason },
    { key: 'assigned_to', title: t('work_order.assigned_to'), sortable: true, cell: (row) => row.assigned_to || MISSING },
    { key: 'opened_at', title: t('work_order.opened_at'), sortable: true, cell: (row) => <>{instantText(row.opened_at)} <AgeBadge at={row.opened_at} /></> },
  ]
  return (
    <PageFrame title={t('nav.work_orders')} help={t('work_order.help')}>
      <div className={`with-panel${state.order ? '' : ' no-panel'}`}>
        <Card>
          {state.device && <p className="row"><StateTag tone="busy">{t('work_order.only_of', { device: state.device })}</StateTag><button type="button" className="link-button" onClick={() => setState({ device: undefined })}>{t('meter.show_all')}</button></p>}
          <DataTable
            aged label={t('nav.work_orders')} columns={columns} query={workOrdersQuery} rowKey={(row) => row.number} empty={t('work_order.none')} exportPath={`/${METERING}/api/work-orders`} search={t('work_order.search')} fixed={{ device: state.device }}
            filters={[
              { key: 'state', label: t('work_order.state_name'), options: STATES.map((value) => ({ value, label: t(`work_order.state.${value}`) })) },
              { key: 'kind', label: t('work_order.kind_name'), options: ORDER_KINDS.map((value) => ({ value, label: t(`work_order.kind.${value}`) })) },
            ]}
          />
        </Card>
        {state.order && <OrderPanel number={state.order} onClose={() => setState({ order: undefined })} />}
      </div>
    </PageFrame>
  )
}

function Device({ row }: { row: WorkOrderRow }) {
  const pick = usePick()
  if (row.device_kind === 'meter') return <Link to="/operator/meters/$meter" params={{ meter: row.device }}>{pick(row.where)}</Link>
  return <Link to="/operator/collection" search={{ terminal: row.device }}>{pick(row.where)}</Link>
}

function OrderPanel({ number, onClose }: { number: string; onClose: () => void }) {
  const { t } = useTranslation()
  const order = useQuery({ ...workOrderQuery(number), placeholderData: undefined })
  return (
    <aside className="card panel" aria-label={number} tabIndex={0}>
      <div className="between"><h2>{number}</h2><button type="button" className="panel-close" aria-label={t('state.close')} onClick={onClose}>×</button></div>
      <StateView query={order} height={320}>{(data) => <Order order={data} />}</StateView>
    </aside>
  )
}

function Order({ order }: { order: WorkOrder }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <p className="row"><StateTag tone={TONES[order.state]}>{pick(order.state_text)}</StateTag>{pick(order.kind_text)}</p>
      <p><Device row={order} /></p>
      <p>{order.reason}</p>
      <p className="muted">{t('work_order.assigned_to')}: {order.assigned_to || t('work_order.nobody')}</p>
      <ol className="timeline" aria-label={t('work_order.steps')}>
        {order.steps.map((step, index) => (
          <li key={index} className={index === order.steps.length - 1 ? 'newest' : ''}>
            <strong>{t(`work_order.state.${step.state}`)}</strong>
            <time dateTime={step.at}>{secondsText(step.at)}</time>
            <span>{step.by}</span>
            {step.assigned_to && <span>→ {step.assigned_to}</span>}
            {step.note && <p>{step.note}</p>}
          </li>
        ))}
      </ol>
      {order.next.length > 0 && <WorkOrderSteps key={`${order.number}/${order.steps.length}`} order={order} />}
    </>
  )
}
