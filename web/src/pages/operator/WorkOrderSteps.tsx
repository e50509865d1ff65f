import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { METERING, sessionQuery } from '../../api/queries'
import type { OrderState, WorkOrder } from '../../api/types'
import { Failure } from '../../design/StateView'

/** The steps that may follow: begin, hand over, finish or cancel, with what was found or done. */
export function WorkOrderSteps({ order }: { order: WorkOrder }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const id = useId()
  const { data: session } = useQuery(sessionQuery)
  const [note, setNote] = useState('')
  const [assigned, setAssigned] = useState(order.assigned_to)
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState<OrderState | null>(null)
  const [error, setError] = useState<unknown>(null)
  if (!session?.rights.includes('work_orders.manage')) return null

  const step = async (state: OrderState) => {
    setWorking(state)
    setError(null)
    try {
      await change('POST', `/${METERING}/api/work-orders/${order.number}/steps`, { state, note: note.trim(), assigned_to: assigned.trim() }, key)
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('work_orders') ?? false })
    } catch (failed) {
      setError(failed)
      setKey(newIntention())
      setWorking(null)
    }
  }
  const words = (state: OrderState) => t(state === 'in_progress' && order.state === 'in_progress' ? 'work_order.step.hand_over' : `work_order.step.${state as 'in_progress' | 'done' | 'cancelled'}`)
  const lacks_words = (state: OrderState) => (state === 'done' || state === 'cancelled') && note.trim() === ''
  return (
    <div className="stack">
      <label htmlFor={`${id}-who`}>{t('work_order.assigned_to')}</label>
      <Input id={`${id}-who`} value={assigned} maxLength={64} onChange={(event) => setAssigned(event.target.value)} />
      <label htmlFor={`${id}-note`}>{t('work_order.note')}</label>
      <Input.TextArea id={`${id}-note`} value={note} maxLength={500} rows={2} placeholder={t('work_order.note_hint')} onChange={(event) => setNote(event.target.value)} />
      {error !== null && <Failure error={error} />}
      <div className="row">
        {order.next.map((state) => (
          <Button key={state} type={state === 'cancelled' ? 'default' : 'primary'} danger={state === 'cancelled'} disabled={lacks_words(state)} loading={working === state} onClick={() => void step(state)}>{words(state)}</Button>
        ))}
      </div>
    </div>
  )
}
