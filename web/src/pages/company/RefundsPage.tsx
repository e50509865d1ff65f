import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { refundsQuery, sessionQuery } from '../../api/queries'
import type { Refund, RefundState } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText } from '../../design/format'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { AskRefund, DecideOnRefund, type Deciding } from './RefundForms'

const TONES: Record<RefundState, Tone> = { asked: 'late', ordered: 'busy', done: 'good', rejected: 'quiet' }

/** Refunds and how they stand: one cashier asks, another decides, and why. */
export function RefundsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const { data: session } = useQuery(sessionQuery)
  const [asking, setAsking] = useState(false)
  const [deciding, setDeciding] = useState<Deciding | null>(null)
  const columns: Column<Refund>[] = [
    { key: 'payment', title: t('refund.payment'), cell: (refund) => refund.payment },
    { key: 'state', title: t('refund.state_name'), cell: ({ state }) => <StateTag tone={TONES[state]}>{t(`refund.state.${state}`)}</StateTag> },
    { key: 'amount_fen', title: t('refund.amount'), right: true, cell: (refund) => <Money fen={refund.amount_fen} strong /> },
    { key: 'payment_fen', title: t('refund.payment_amount'), right: true, cell: (refund) => <Money fen={refund.payment_fen} /> },
    { key: 'channel', title: t('refund.channel'), cell: (refund) => pick(refund.channel_name) },
    { key: 'reason', title: t('refund.reason'), cell: (refund) => refund.reason },
    { key: 'asked_at', title: t('refund.asked'), cell: (refund) => <>{refund.asked_by}<div className="muted">{instantText(refund.asked_at)}</div></> },
    { key: 'decided_at', title: t('refund.decided'), cell: (refund) => <Decision refund={refund} mine={session?.login === refund.asked_by} onDecide={setDeciding} /> },
  ]
  return (
    <PageFrame title={t('nav.refunds')} help={t('refund.help')} actions={<Button type="primary" onClick={() => setAsking(true)}>{t('refund.ask')}</Button>}>
      <Card>
        <DataTable
          aged label={t('nav.refunds')} columns={columns} query={(query) => refundsQuery(system, query)} rowKey={(refund) => refund.id} empty={t('refund.none')} exportPath={`/${system}/api/refunds`}
          filters={[{ key: 'state', label: t('refund.state_name'), options: (Object.keys(TONES) as RefundState[]).map((value) => ({ value, label: t(`refund.state.${value}`) })) }]}
        />
      </Card>
      {asking && <AskRefund system={system} onClose={() => setAsking(false)} />}
      {deciding && <DecideOnRefund system={system} deciding={deciding} onClose={() => setDeciding(null)} />}
    </PageFrame>
  )
}

/** Who decided and why; while nobody has, the choice for anybody but who asked. */
function Decision({ refund, mine, onDecide }: { refund: Refund; mine: boolean; onDecide: (deciding: Deciding) => void }) {
  const { t } = useTranslation()
  if (refund.decided_at) return <>{refund.approved_by ?? refund.rejected_by}<div className="muted">{instantText(refund.decided_at)}</div><div>{refund.decision_reason}</div></>
  if (mine) return <span className="muted">{t('refund.another_person')}</span>
  return (
    <span className="row">
      <Button size="small" danger onClick={() => onDecide({ refund, approve: true })}>{t('refund.approve')}</Button>
      <Button size="small" onClick={() => onDecide({ refund, approve: false })}>{t('refund.reject')}</Button>
    </span>
  )
}
