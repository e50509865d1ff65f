import { useQueryClient } from '@tanstack/react-query'
import { Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import type { Refund } from '../../api/types'
import { ConfirmDanger, type Confirmed } from '../../design/ConfirmDanger'
import { fenOf, moneyText } from '../../design/format'

export interface Deciding { refund: Refund; approve: boolean }

/** What was asked or decided is read again at once, here and wherever payments are shown. */
function useReread(onClose: () => void) {
  const client = useQueryClient()
  return async () => {
    onClose()
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('payments') ?? false })
  }
}

/** Ask for (part of) a payment to be given back; nothing moves until another cashier says yes. */
export function AskRefund({ system, onClose }: { system: string; onClose: () => void }) {
  const { t } = useTranslation()
  const id = useId()
  const [payment, setPayment] = useState('')
  const [amount, setAmount] = useState('')
  const [key, setKey] = useState(newIntention)
  const reread = useReread(onClose)
  const amount_fen = fenOf(amount)

  /** Other content is another intention. */
  const give = (set: (value: string) => void) => (event: { target: { value: string } }) => {
    set(event.target.value)
    setKey(newIntention())
  }
  const ask = async ({ reason }: Confirmed) => {
    await change<Refund>('POST', `/${system}/api/refunds`, { payment: payment.trim(), amount_fen, reason }, key)
    await reread()
  }
  const effect = (
    <div className="stack">
      <label htmlFor={`${id}-payment`}>{t('refund.payment')}</label>
      <Input id={`${id}-payment`} value={payment} maxLength={64} placeholder={t('refund.payment_hint')} onChange={give(setPayment)} />
      <label htmlFor={`${id}-amount`}>{t('refund.amount')}</label>
      <Input id={`${id}-amount`} value={amount} maxLength={12} inputMode="decimal" prefix="¥" status={amount && amount_fen === null ? 'error' : ''} onChange={give(setAmount)} />
      <p>{amount_fen === null ? t('refund.ask_hint') : t('refund.ask_effect', { amount: moneyText(amount_fen) })}</p>
    </div>
  )
  return <ConfirmDanger open title={t('refund.ask')} effect={effect} ready={payment.trim() !== '' && amount_fen !== null} danger={false} action={t('refund.ask_do')} onConfirm={ask} onClose={onClose} />
}

/** The second person's word, with the password again. */
export function DecideOnRefund({ system, deciding: { refund, approve }, onClose }: { system: string; deciding: Deciding; onClose: () => void }) {
  const { t } = useTranslation()
  const reread = useReread(onClose)
  const decide = async ({ reason, password }: Confirmed) => {
    await change<Refund>('POST', `/${system}/api/refunds/${encodeURIComponent(refund.id)}/approval`, { decision: approve ? 'approve' : 'reject', reason, password })
    await reread()
  }
  const amount = moneyText(refund.amount_fen)
  return (
    <ConfirmDanger
      open title={t(approve ? 'refund.approve' : 'refund.reject')} needs_password danger={approve} action={t(approve ? 'refund.approve_do' : 'refund.reject_do')} onConfirm={decide} onClose={onClose}
      effect={<><p>{t(approve ? 'refund.approve_effect' : 'refund.reject_effect', { amount })}</p><p style={{ fontWeight: 450 }}>{refund.payment} · {refund.asked_by} · {refund.reason}</p></>}
    />
  )
}
