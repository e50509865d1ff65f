import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { paymentQuery } from '../../api/queries'
import type { Payment } from '../../api/types'
import { instantText, MISSING } from '../../design/format'
import { LinkButton } from '../../design/LinkButton'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateView } from '../../design/StateView'
import './resident.css'
import { InvoiceLink } from './InvoiceLink'
import { PaymentStateTag } from './PaymentStateTag'
import { ReceiptLink } from './ReceiptLink'

const ASK_AGAIN_MS = 3000

/** What the platform knows of a payment: it waits with the person while the channel has not told. */
export function PaymentPage() {
  const { t } = useTranslation()
  const { account, reference } = useParams({ strict: false })
  const payment = useQuery({
    ...paymentQuery(account!, reference!),
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? ASK_AGAIN_MS : false),
  })
  return (
    <PageFrame title={t('pay.result')}>
      <StateView query={payment} height={360}>{(data) => <><Result payment={data} /><Split payment={data} /></>}</StateView>
    </PageFrame>
  )
}

function Result({ payment }: { payment: Payment }) {
  const { t } = useTranslation()
  const pick = usePick()
  const bad = payment.state === 'failed' || payment.state === 'expired'
  return (
    <Card>
      <div className={`result${bad ? ' is-bad' : ''}`} role="status" data-state={payment.state}>
        <Sign state={payment.state} />
        <PaymentStateTag state={payment.state} />
        <Money fen={payment.amount_fen} strong />
        <p>{pick(payment.reason) || t(payment.purpose === 'top_up' && payment.state === 'succeeded' ? 'pay.topped_up' : `pay.means.${payment.state}`)}</p>
        <span className="row" style={{ justifyContent: 'center', marginTop: '0.5rem' }}>
          <ReceiptLink payment={payment} />
          <InvoiceLink payment={payment} />
          {payment.state === 'pending' && payment.redirect_url && <a className="export" href={payment.redirect_url}>{t('pay.back_to_channel')}</a>}
          {bad && <LinkButton color="primary" variant="solid" to="/pay/$account" params={{ account: payment.account }}>{t('pay.try_again')}</LinkButton>}
          {!bad && <Link to="/today/$account" params={{ account: payment.account }}>{t('pay.done')}</Link>}
        </span>
      </div>
    </Card>
  )
}

function Sign({ state }: { state: Payment['state'] }) {
  const mark = state === 'failed' ? 'm17 17 14 14M31 17 17 31' : state === 'pending' ? 'M24 13v12l8 5' : state === 'expired' ? 'M24 13v12h9' : 'm14 25 7 7 13-15'
  return (
    <svg width="56" height="56" viewBox="0 0 48 48" aria-hidden="true">
      <circle cx="24" cy="24" r="22" fill="none" stroke="currentColor" strokeWidth="2.5" />
      <path d={mark} fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

function Split({ payment }: { payment: Payment }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <Card title={t(payment.purpose === 'top_up' ? 'pay.top_up' : 'pay.split_done')}>
      <table className="plain-table">
        <tbody>
          {payment.split.map((part) => (
            <tr key={`${part.bill_number}${part.is_late_fee ? '-fee' : ''}`}>
              <td><MediumTag service={part.service} /> {pick(part.company_name)}<div className="muted">{part.bill_number}{part.is_late_fee && ` · ${t('bill.late_fees')}`}</div></td>
              <td className="right"><Money fen={part.amount_fen} /></td>
            </tr>
          ))}
          {payment.credit_fen > 0 && <tr><td>{t('pay.credit')}</td><td className="right"><Money fen={payment.credit_fen} /></td></tr>}
        </tbody>
        <tfoot><tr><td>{t('bill.total')}</td><td className="right"><Money fen={payment.amount_fen} strong /></td></tr></tfoot>
      </table>
      <dl className="facts" style={{ marginTop: '1rem' }}>
        <div><dt>{t('pay.reference')}</dt><dd>{payment.reference}</dd></div>
        <div><dt>{t('pay.channel')}</dt><dd>{pick(payment.channel_name)}</dd></div>
        <div><dt>{t('pay.channel_reference')}</dt><dd>{payment.channel_reference ?? MISSING}</dd></div>
        <div><dt>{t('pay.created_at')}</dt><dd>{instantText(payment.created_at)}</dd></div>
        <div><dt>{t('pay.paid_at')}</dt><dd>{payment.paid_at ? instantText(payment.paid_at) : MISSING}</dd></div>
        {payment.refunds.map((refund) => (
          <div key={refund.id}><dt>{t(refund.done ? 'pay.refunded' : 'pay.being_refunded')}</dt><dd><Money fen={refund.amount_fen} /><span className="muted">{refund.id} · {instantText(refund.decided_at)}</span></dd></div>
        ))}
      </dl>
    </Card>
  )
}
