import { Button, Checkbox, Input, Modal } from 'antd'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from './StateView'

export interface Confirmed { reason: string; password: string; witness: string }

interface Props {
  open: boolean
  title: string
  /** The effect in words: "2 homes lose supply". */
  effect: ReactNode
  /** Why it may not be done at all; then only closing is offered. */
  refusal?: string | null
  needs_reason?: boolean
  /** What else has to be given, in `effect`, is there. */
  ready?: boolean
  /** The second person proves who they are. */
  needs_password?: boolean
  /** Somebody on the spot has to be named: what to ask for. */
  witness?: string
  action: string
  danger?: boolean
  onConfirm: (confirmed: Confirmed) => Promise<void>
  onClose: () => void
}

const SHORTEST_REASON = 4
const SHORTEST_NAME = 2

/** A dangerous order: the effect in words, a reason, and a deliberate second confirmation. */
export function ConfirmDanger({ open, title, effect, refusal, needs_reason = true, ready = true, needs_password, witness, action, danger = true, onConfirm, onClose }: Props) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const [password, setPassword] = useState('')
  const [person, setPerson] = useState('')
  const [understood, setUnderstood] = useState(false)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const id = useId()
  const complete = ready && (!needs_reason || reason.trim().length >= SHORTEST_REASON) && understood && (!needs_password || password !== '') && (!witness || person.trim().length >= SHORTEST_NAME)

  const confirm = async () => {
    setWorking(true)
    setError(null)
    try {
      await onConfirm({ reason: reason.trim(), password, witness: person.trim() })
      setReason('')
      setPassword('')
      setPerson('')
      setUnderstood(false)
    } catch (failed) {
      setError(failed)
    } finally {
      setWorking(false)
    }
  }

  const buttons = [
    <Button key="close" onClick={onClose}>{t('confirm.cancel')}</Button>,
    !refusal && <Button key="do" type="primary" danger={danger} disabled={!complete} loading={working} onClick={() => void confirm()}>{action}</Button>,
  ]
  return (
    <Modal open={open} title={title} onCancel={onClose} footer={buttons} destroyOnHidden>
      <div className={danger ? 'effect effect-danger' : 'effect'}>{effect}</div>
      {refusal ? (
        <p role="alert" className="refusal">{refusal}</p>
      ) : (
        <div className="stack">
          {needs_reason && (
            <>
              <label htmlFor={`${id}-reason`}>{t('confirm.reason')}</label>
              <Input.TextArea id={`${id}-reason`} value={reason} maxLength={200} rows={2} placeholder={t('confirm.reason_hint')} onChange={(event) => setReason(event.target.value)} />
            </>
          )}
          {witness && (
            <>
              <label htmlFor={`${id}-witness`}>{witness}</label>
              <Input id={`${id}-witness`} value={person} maxLength={100} placeholder={t('confirm.witness_hint')} onChange={(event) => setPerson(event.target.value)} />
            </>
          )}
          {needs_password && (
            <>
              <label htmlFor={`${id}-password`}>{t('confirm.password')}</label>
              <Input.Password id={`${id}-password`} autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
            </>
          )}
          <Checkbox checked={understood} onChange={(event) => setUnderstood(event.target.checked)}>{t('confirm.understood')}</Checkbox>
          {error !== null && <Failure error={error} />}
        </div>
      )}
    </Modal>
  )
}
