import { useQueryClient } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, get, newIntention } from '../../api/client'
import { duesQuery, PLATFORM } from '../../api/queries'
import type { Dues, Mandate } from '../../api/types'
import { fenOf, moneyText } from '../../design/format'
import { Money } from '../../design/Money'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Failure } from '../../design/StateView'

const LEAST_FEN = 1_000
const MOST_FEN = 1_000_000
const LOOKS = 25
const PAUSE_MS = 400

const pathOf = (account: string, rest = '') => `/${PLATFORM}/api/households/${encodeURIComponent(account)}/mandates${rest}`

/** Automatic payment: what is taken next and when, up to how much; signed at the channel, ended here at once. */
export function AutoPay({ dues }: { dues: Dues }) {
  const { t } = useTranslation()
  const signed = dues.mandate?.state === 'signed'
  return (
    <Card title={t('auto.title')} extra={<StateTag tone={signed ? 'good' : 'quiet'}>{t(signed ? 'auto.on' : 'auto.off')}</StateTag>}>
      <p className="muted">{t('auto.help')}</p>
      {signed ? <Signed mandate={dues.mandate!} /> : <Asking dues={dues} />}
    </Card>
  )
}

function Signed({ mandate }: { mandate: Mandate }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const end = async () => {
    setWorking(true)
    setError(null)
    try {
      await change<Mandate>('POST', pathOf(mandate.account, `/${encodeURIComponent(mandate.id)}/revocation`), {})
      await client.invalidateQueries({ queryKey: duesQuery(mandate.account).queryKey })
    } catch (failed) {
      setError(failed)
    } finally {
      setWorking(false)
    }
  }
  const above = mandate.next_fen !== null && mandate.next_fen > mandate.limit_fen
  return (
    <>
      <dl className="facts" style={{ margin: '0.8rem 0' }} data-testid="mandate">
        <div><dt>{t('pay.channel')}</dt><dd>{pick(mandate.channel_name)}</dd></div>
        <div><dt>{t('auto.limit')}</dt><dd><Money fen={mandate.limit_fen} /></dd></div>
        <div><dt>{t('auto.next')}</dt><dd>{mandate.next_day && mandate.next_fen ? <>{mandate.next_day} <Money fen={mandate.next_fen} strong /></> : t('auto.nothing')}</dd></div>
      </dl>
      {above && <p role="alert" className="refusal">{t('auto.above')}</p>}
      {error !== null && <Failure error={error} />}
      <Button danger loading={working} onClick={() => void end()}>{t('auto.end')}</Button>
    </>
  )
}

function Asking({ dues }: { dues: Dues }) {
  const { t } = useTranslation()
  const id = useId()
  const [limit, setLimit] = useState('500')
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const limit_fen = fenOf(limit)
  const possible = limit_fen !== null && limit_fen >= LEAST_FEN && limit_fen <= MOST_FEN
  const channel = dues.channels[0]?.id
  const waiting = dues.mandate?.state === 'pending' ? dues.mandate : null
  const sign = async () => {
    setWorking(true)
    setError(null)
    try {
      const told = await toldByChannel(await change<Mandate>('POST', pathOf(dues.account), { limit_fen, channel }, key))
      if (told.redirect_url) window.location.assign(told.redirect_url)
      else setWorking(false)
    } catch (failed) {
      setError(failed)
      setWorking(false)
    }
  }
  return (
    <>
      {waiting && <p className="refusal row">{t('auto.waiting')} {waiting.redirect_url && <a href={waiting.redirect_url}>{t('auto.go_on')}</a>}</p>}
      {dues.mandate?.state === 'declined' && <p className="muted">{t('auto.declined')}</p>}
      <div className="row" style={{ margin: '0.8rem 0' }}>
        <label htmlFor={id}>{t('auto.limit')}</label>
        <Input id={id} value={limit} maxLength={8} inputMode="decimal" prefix="¥" status={possible ? '' : 'error'} style={{ width: '9rem' }} onChange={(event) => { setLimit(event.target.value); setKey(newIntention()) }} />
      </div>
      {!possible && <p role="alert" className="refusal">{t('auto.range', { least: moneyText(LEAST_FEN), most: moneyText(MOST_FEN) })}</p>}
      {error !== null && <Failure error={error} />}
      <Button loading={working} disabled={!possible || !channel} onClick={() => void sign()}>{t('auto.sign')}</Button>
    </>
  )
}

/** The channel is told of a mandate after it is written: ask until it gave its address, or for ten seconds. */
async function toldByChannel(mandate: Mandate): Promise<Mandate> {
  let last = mandate
  for (let asked = 0; asked < LOOKS && last.state === 'pending' && !last.redirect_url; asked++) {
    await new Promise((resume) => setTimeout(resume, PAUSE_MS))
    last = await get<Mandate>(pathOf(mandate.account, `/${encodeURIComponent(mandate.id)}`))
  }
  return last
}
