import { Button, Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { PLATFORM } from '../../api/queries'
import type { Dues, Payment } from '../../api/types'
import { fenOf, moneyText } from '../../design/format'
import { Money } from '../../design/Money'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { Failure } from '../../design/StateView'
import { goToChannel } from './toChannel'

const LEAST_FEN = 100
const MOST_FEN = 1_000_000
const USUAL = ['50', '100', '200', '500']

/** The credit balance, what it does by itself, and putting more on it. */
export function TopUp({ dues }: { dues: Dues }) {
  const { t } = useTranslation()
  const pick = usePick()
  const id = useId()
  const [amount, setAmount] = useState('')
  const [channel, setChannel] = useState(dues.channels[0]?.id ?? '')
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const amount_fen = fenOf(amount)
  const possible = amount_fen !== null && amount_fen >= LEAST_FEN && amount_fen <= MOST_FEN

  /** Another choice is another intention. */
  const choose = (change_it: () => void) => {
    change_it()
    setKey(newIntention())
  }
  const top_up = async () => {
    setWorking(true)
    setError(null)
    try {
      await goToChannel(await change<Payment>('POST', `/${PLATFORM}/api/households/${dues.account}/top-ups`, { amount_fen, channel }, key))
    } catch (failed) {
      setError(failed)
      setWorking(false)
    }
  }
  return (
    <Card title={t('pay.credit')} extra={<span data-testid="credit"><Money fen={dues.credit_fen} strong /></span>}>
      <p className="muted">{t('pay.credit_help')}</p>
      <div className="row" style={{ margin: '0.8rem 0' }}>
        <label htmlFor={id}>{t('pay.top_up_amount')}</label>
        <Input id={id} value={amount} maxLength={8} inputMode="decimal" prefix="¥" status={amount && !possible ? 'error' : ''} style={{ width: '9rem' }} onChange={(event) => choose(() => setAmount(event.target.value))} />
        {USUAL.map((yuan) => <Button key={yuan} size="small" onClick={() => choose(() => setAmount(yuan))}>¥ {yuan}</Button>)}
      </div>
      {amount && !possible && <p role="alert" className="refusal">{t('pay.top_up_range', { least: moneyText(LEAST_FEN), most: moneyText(MOST_FEN) })}</p>}
      {dues.channels.length > 1 && (
        <fieldset className="channels">
          <legend className="muted">{t('pay.channel')}</legend>
          {dues.channels.map((one) => <label key={one.id}><input type="radio" name="top-up-channel" checked={channel === one.id} onChange={() => choose(() => setChannel(one.id))} />{pick(one.name)}</label>)}
        </fieldset>
      )}
      {error !== null && <Failure error={error} />}
      <Button loading={working} disabled={!possible || !channel} onClick={() => void top_up()}>{t('pay.top_up')}</Button>
    </Card>
  )
}
