import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input, Modal, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { METERING, sessionQuery } from '../../api/queries'
import { ORDER_KINDS, type OrderKind, type WorkOrdersOpened } from '../../api/types'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Failure } from '../../design/StateView'

interface Props {
  /** Terminals or meters; an order is opened for each. */
  devices: string[]
  kind?: OrderKind
  /** The alarm it answers. */
  alarm?: string
  label?: string
  size?: 'small' | 'middle'
}

/** A button that sends somebody to look at terminals or meters; an order that is open already is shown instead. */
export function OpenWorkOrder({ devices, kind = 'missing_data', alarm, label, size = 'middle' }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { data: session } = useQuery(sessionQuery)
  if (!session?.rights.includes('work_orders.manage')) return null
  return (
    <>
      <Button size={size} disabled={devices.length === 0} onClick={() => setOpen(true)}>{label ?? t('work_order.open_one')}</Button>
      {open && <Dialog devices={devices} kind={kind} alarm={alarm} onClose={() => setOpen(false)} />}
    </>
  )
}

function Dialog({ devices, kind: first, alarm, onClose }: { devices: string[]; kind: OrderKind; alarm?: string; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const id = useId()
  const [kind, setKind] = useState(first)
  const [reason, setReason] = useState('')
  const [assigned, setAssigned] = useState('')
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [done, setDone] = useState<WorkOrdersOpened | null>(null)

  const submit = async () => {
    setWorking(true)
    setError(null)
    try {
      const body = { devices, kind, reason: reason.trim(), assigned_to: assigned.trim(), alarm: alarm ?? null }
      setDone(await change<WorkOrdersOpened>('POST', `/${METERING}/api/work-orders`, body, key))
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('work_orders') ?? false })
    } catch (failed) {
      setError(failed)
    } finally {
      setKey(newIntention())
      setWorking(false)
    }
  }
  const buttons = [
    <Button key="close" onClick={onClose}>{t(done ? 'state.close' : 'confirm.cancel')}</Button>,
    !done && <Button key="do" type="primary" disabled={reason.trim() === ''} loading={working} onClick={() => void submit()}>{t('work_order.open_one')}</Button>,
  ]
  return (
    <Modal open title={t('work_order.open_for', { devices: devices.length })} onCancel={onClose} footer={buttons} destroyOnHidden>
      {done ? <Opened done={done} /> : (
        <div className="stack">
          <label htmlFor={`${id}-kind`}>{t('work_order.kind_name')}</label>
          <Select<OrderKind> id={`${id}-kind`} value={kind} onChange={setKind} options={ORDER_KINDS.map((value) => ({ value, label: t(`work_order.kind.${value}`) }))} />
          <label htmlFor={`${id}-reason`}>{t('confirm.reason')}</label>
          <Input.TextArea id={`${id}-reason`} value={reason} maxLength={500} rows={3} onChange={(event) => setReason(event.target.value)} />
          <label htmlFor={`${id}-who`}>{t('work_order.assigned_to')}</label>
          <Input id={`${id}-who`} value={assigned} maxLength={64} placeholder={t('work_order.nobody')} onChange={(event) => setAssigned(event.target.value)} />
          {error !== null && <Failure error={error} />}
        </div>
      )}
    </Modal>
  )
}

function Opened({ done }: { done: WorkOrdersOpened }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <div className="stack" role="status">
      <p><StateTag tone="good">{t('work_order.opened', { opened: done.opened })}</StateTag> {done.existed > 0 && <StateTag tone="late">{t('work_order.existed', { existed: done.existed })}</StateTag>}</p>
      <ul className="stack">
        {done.orders.map(({ number, where }) => <li key={number}><Link to="/operator/work-orders" search={{ order: number }}>{number}</Link> · {pick(where)}</li>)}
      </ul>
    </div>
  )
}
