import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BillLine, BillPart, BillQuestion, CombinedBill } from '../../api/types'
import { exactText, unitText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

const QuestionForm = lazy(() => import('./QuestionForm'))

export interface Asked { part: BillPart; line: BillLine }

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
      {asked && <Suspense><QuestionForm bill={bill} asked={asked} onClose={() => setAsked(null)} /></Suspense>}
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
