import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { duesQuery, paymentsQuery, PLATFORM } from '../../api/queries'
import type { Dues, DuesOfCompany, Payment } from '../../api/types'
import { instantText, moneyText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Empty, Failure, StateView } from '../../design/StateView'
import { AutoPay } from './AutoPay'
import { PaymentStateTag } from './PaymentStateTag'
import { InvoiceLink } from './InvoiceLink'
import { ReceiptLink } from './ReceiptLink'
import { TopUp } from './TopUp'
import { goToChannel } from './toChannel'
import './resident.css'

/** Stands for the channel of a payment out of the credit balance. */
const BALANCE = 'balance'

/** What is owed to whom, and paying all of it or one company alone. */
export function PayPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const dues = useQuery(duesQuery(account))
  return (
    <PageFrame title={t('pay.title')} as_of={dues.data?.as_of} help={t('pay.help')}>
      <StateView query={dues} height={380}>
        {(data) => (
          <>
            {data.open_payment && <OpenPayment payment={data.open_payment} />}
            {data.payable_fen === 0 ? <Card><Empty reason={t('pay.nothing')} /></Card> : <Checkout key={data.payable_fen} dues={data} />}
            <AutoPay dues={data} />
            <TopUp dues={data} />
          </>
        )}
      </StateView>
      <Card title={t('pay.earlier')} extra={<Link to="/pay/invoice/$account" params={{ account }} search={{}}>{t('invoice.title')}</Link>}><EarlierPayments account={account} /></Card>
    </PageFrame>
  )
}

function OpenPayment({ payment }: { payment: Payment }) {
  const { t } = useTranslation()
  return (
    <p className="refusal row">
      {t('pay.open', { reference: payment.reference })} <Money fen={payment.amount_fen} />
      <Link to="/pay/result/$account/$reference" params={{ account: payment.account, reference: payment.reference }}>{t('pay.see_it')}</Link>
    </p>
  )
}

function Checkout({ dues }: { dues: Dues }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const owing = dues.companies.filter(({ payable_fen }) => payable_fen > 0)
  const [left_out, setLeftOut] = useState<string[]>([])
  const [channel, setChannel] = useState(dues.channels[0]?.id ?? '')
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const chosen = owing.filter(({ company }) => !left_out.includes(company))
  const by_balance = channel === BALANCE
  const amount_fen = chosen.reduce((sum, { payable_fen }) => sum + payable_fen, 0)

  /** Another choice is another intention. */
  const choose = (change_it: () => void) => {
    change_it()
    setKey(newIntention())
  }
  const pay = async () => {
    setWorking(true)
    setError(null)
    const bill_numbers = chosen.flatMap(({ bills }) => bills.filter(({ payable_fen }) => payable_fen > 0).map(({ bill_number }) => bill_number))
    try {
      const payment = await change<Payment>('POST', `/${PLATFORM}/api/households/${dues.account}/payments`, { bill_numbers, amount_fen, channel }, key)
      await goToChannel(payment)
    } catch (failed) {
      setError(failed)
      setWorking(false)
      await client.invalidateQueries({ queryKey: duesQuery(dues.account).queryKey })
    }
  }

  return (
    <>
      <Card title={t('pay.split')} extra={dues.due_date && <span className="muted">{t('bill.due_by', { date: dues.due_date })}</span>}>
        <ul className="split">
          {owing.map((company) => (
            <CompanyRow
              key={company.company} company={company} checked={!left_out.includes(company.company)} alone={chosen.length === 1 && chosen[0] === company}
              onChange={(checked) => choose(() => setLeftOut(checked ? left_out.filter((id) => id !== company.company) : [...left_out, company.company]))}
              onAlone={() => choose(() => setLeftOut(owing.filter((other) => other !== company).map((other) => other.company)))}
            />
          ))}
        </ul>
      </Card>
      <Card>
        <fieldset className="channels" style={{ marginBottom: '1rem' }}>
          <legend className="muted">{t('pay.channel')}</legend>
          {dues.channels.map(({ id, name }) => <label key={id}><input type="radio" name="channel" checked={channel === id} onChange={() => choose(() => setChannel(id))} />{pick(name)}</label>)}
          {dues.credit_fen > 0 && <label><input type="radio" name="channel" checked={by_balance} onChange={() => choose(() => setChannel(BALANCE))} /><span>{t('pay.from_balance')} <Money fen={dues.credit_fen} /></span></label>}
        </fieldset>
        {error !== null && <Failure error={error} />}
        <div className="pay-bar">
          <span data-testid="payable"><span className="muted">{t('pay.payable')}</span><br /><Money fen={amount_fen} strong /></span>
          <Button type="primary" size="large" loading={working} disabled={chosen.length === 0 || !channel} onClick={() => void pay()}>{t(by_balance ? 'pay.go_balance' : 'pay.go')}</Button>
        </div>
        <p className="muted" style={{ marginTop: '0.6rem' }}>{by_balance ? t('pay.balance_takes', { amount: moneyText(Math.min(amount_fen, dues.credit_fen)), rest: moneyText(Math.max(0, amount_fen - dues.credit_fen)) }) : t('pay.leaves')}</p>
      </Card>
    </>
  )
}

interface RowProps { company: DuesOfCompany; checked: boolean; alone: boolean; onChange: (checked: boolean) => void; onAlone: () => void }

function CompanyRow({ company, checked, alone, onChange, onAlone }: RowProps) {
  const { t } = useTranslation()
  const pick = usePick()
  const id = `pay-${company.company}`
  const late_fee = company.bills.reduce((sum, bill) => sum + bill.late_fee_fen, 0)
  return (
    <li>
      <input id={id} type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>
        <span className="row"><MediumTag service={company.service} /> {pick(company.company_name)}</span>
        <span className="muted">{company.account_number} · {company.bills.map(({ month }) => month).join(t('pay.and'))}</span>
        {company.bills.some(({ overdue }) => overdue) && <span><StateTag tone="bad">{t('bill.state.overdue')}</StateTag></span>}
        {late_fee > 0 && <span className="muted">{t('pay.late_fee')} <Money fen={late_fee} /></span>}
      </label>
      <span style={{ textAlign: 'right' }}>
        <Money fen={company.payable_fen} strong /><br />
        {!alone && <button type="button" className="link-button" onClick={onAlone}>{t('pay.alone')}</button>}
      </span>
    </li>
  )
}

function EarlierPayments({ account }: { account: string }) {
  const { t } = useTranslation()
  const payments = useQuery(paymentsQuery(account, { size: 12 }))
  return (
    <StateView query={payments} empty={(data) => (data.total === 0 ? t('pay.none_yet') : null)}>
      {(data) => (
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t('pay.earlier')}>
          <table className="plain-table">
            <tbody>
              {data.rows.map((payment) => (
                <tr key={payment.reference}>
                  <td><Link to="/pay/result/$account/$reference" params={{ account, reference: payment.reference }}>{payment.reference}</Link><div className="muted">{instantText(payment.created_at)}{payment.purpose !== 'bills' && ` · ${t(payment.purpose === 'top_up' ? 'pay.top_up' : 'auto.title')}`}</div><PaymentStateTag state={payment.state} /></td>
                  <td className="right"><Money fen={payment.amount_fen} strong /><div className="row" style={{ justifyContent: 'flex-end' }}><ReceiptLink payment={payment} /><InvoiceLink payment={payment} /></div></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </StateView>
  )
}
