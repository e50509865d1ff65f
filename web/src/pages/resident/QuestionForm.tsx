import { useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { PLATFORM } from '../../api/queries'
import type { BillQuestion, CombinedBill } from '../../api/types'
import { usePick } from '../../design/preferences'
import { Failure } from '../../design/StateView'
import type { Asked } from './BillLines'

/** A question about one line, sent to the company that issued it. */
export default function QuestionForm({ bill, asked, onClose }: { bill: CombinedBill; asked: Asked; onClose: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [key] = useState(newIntention)
  const [error, setError] = useState<unknown>(null)
  const send = async () => {
    const body = { bill_number: asked.part.bill_number, line: asked.line.line, text: text.trim() }
    try {
      await change<BillQuestion>('POST', `/${PLATFORM}/api/households/${bill.account}/bills/${bill.number}/questions`, body, key)
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('bills') ?? false })
      onClose()
    } catch (failed) {
      setError(failed)
    }
  }
  const buttons = [
    <Button key="close" onClick={onClose}>{t('confirm.cancel')}</Button>,
    <Button key="send" type="primary" disabled={text.trim().length < 2} onClick={() => void send()}>{t('bill.send_question')}</Button>,
  ]
  return (
    <Modal open title={t('bill.ask_about', { line: pick(asked.line.name) })} onCancel={onClose} footer={buttons}>
      <div className="stack">
        <label htmlFor="question">{t('bill.your_question')}</label>
        <Input.TextArea id="question" rows={3} maxLength={500} value={text} onChange={(event) => setText(event.target.value)} />
        <p className="muted">{t('bill.question_note')}</p>
        {error !== null && <Failure error={error} />}
      </div>
    </Modal>
  )
}
