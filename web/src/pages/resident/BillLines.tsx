import { useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { billQuery, PLATFORM } from '../../api/queries'
import type { BillLine, BillPart, BillQuestion, CombinedBill } from '../../api/types'
import { exactText, unitText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Failure } from '../../design/StateView'

interface Asked { part: BillPart; line: BillLine }

/** Quantity × price = amount, line by line, each of which can be questioned. */
export function BillLines({ bill }: { bill: CombinedBill }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<Asked | null>(null)
  return (
    <>
      {bill.parts.map((part) => (
        <details key={part.bill_number} className="lines" open>
          <summary><MediumTag service={part.service} /> · {part.bill_number}{part.version > 1 && ` · ${t('bill.version', { version: part.version })}`}</summary>
          <LinesTable part={part} onAsk={(line) => setAsked({ part, line })} />
        </details>
      ))}
      <Questions questions={bill.questions} />
      {asked && <QuestionForm bill={bill} asked={asked} onClose={() => setAsked(null)} />}
    </>
  )
}

function LinesTable({ part, onAsk }: { part: BillPart; onAsk: (line: BillLine) => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={t('bill.lines_of', { service: t(`service.${part.service}`) })}>
      <table className="plain-table line-table">
        <thead>
          <tr>
            <th scope="col">{t('bill.line')}</th><th scope="col" className="right">{t('bill.quantity')}</th><th scope="col" className="right">{t('bill.price')}</th>
            <th scope="col" className="right">{t('bill.amount')}</th><th scope="col"><span className="sr-only">{t('bill.ask')}</span></th>
          </tr>
        </thead>
        <tbody>
          {part.lines.map((line) => (
            <tr key={line.line}>
              <td>{pick(line.name)}{line.detail && <div className="muted">{pick(line.detail)}</div>}</td>
              <td className="right nowrap">{line.quantity === null ? '' : `${exactText(line.quantity)} ${unitText(line.unit ?? '')}`}</td>
              <td className="right nowrap">{line.price === null ? '' : `× ¥ ${line.price}`}</td>
              <td className="right line-amount"><Money fen={line.amount_fen} /></td>
              <td className="right line-ask"><button type="button" className="link-button nowrap" onClick={() => onAsk(line)}>{t('bill.ask')}</button></td>
            </tr>
          ))}
        </tbody>
        <tfoot><tr><td colSpan={3}>{t('bill.part_total')}</td><td className="right"><Money fen={part.amount_fen} strong /></td><td /></tr></tfoot>
      </table>
    </div>
  )
}

function Questions({ questions }: { questions: BillQuestion[] }) {
  const { t } = useTranslation()
  if (questions.length === 0) return null
  return (
    <div className="stack" style={{ marginTop: '1rem' }}>
      <h3>{t('bill.questions')}</h3>
      {questions.map((question) => (
        <div key={question.id} className="row">
          <StateTag tone={question.state === 'answered' ? 'good' : 'busy'}>{t(`bill.question_state.${question.state}`)}</StateTag>
          <span>{question.text}</span>
          <span className="muted">{question.answer ?? t('bill.answer_by', { date: question.expected_by })}</span>
        </div>
      ))}
    </div>
  )
}

function QuestionForm({ bill, asked, onClose }: { bill: CombinedBill; asked: Asked; onClose: () => void }) {
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
      await client.invalidateQueries({ queryKey: billQuery(bill.account, bill.number).queryKey.slice(0, 1) })
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
