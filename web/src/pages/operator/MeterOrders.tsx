import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { effectQuery, METERING, sessionQuery } from '../../api/queries'
import type { Command, CommandKind, Meter } from '../../api/types'
import { ConfirmDanger, type Confirmed } from '../../design/ConfirmDanger'
import { usePick } from '../../design/preferences'
import { Failure, Skeleton } from '../../design/StateView'
import { durationText } from './duration'
import { ExchangeDialog } from './ExchangeDialog'

const AT_ONCE: CommandKind[] = ['read_on_demand', 'synchronize_clock']
const CUTS: CommandKind[] = ['disconnect', 'limit_supply', 'close_valve']
const LIMITS = [5, 10, 15, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1275]
const USUAL_LIMIT = 30
const ORDER: CommandKind[] = [...AT_ONCE, 'set_profile', 'reconnect', 'open_valve', ...CUTS]

/** Reading comes first and what cuts supply last, so that nobody hits it by habit. */
const inOrder = (kinds: CommandKind[]): CommandKind[] => [...kinds].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other))

/** The orders this meter takes: reading and its clock at once, the rest with effect and reason, and what switches with a second person. */
export function MeterOrders({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const pick = usePick()
  const { data: session } = useQuery(sessionQuery)
  const [asked, setAsked] = useState<CommandKind | null>(null)
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState<CommandKind | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [exchanging, setExchanging] = useState(false)
  if (!session?.rights.includes('commands.create')) return null

  const order = async (kind: CommandKind, reason: string, more: { on_site_by?: string; minutes?: number } = {}): Promise<Command> => {
    const command = await change<Command>('POST', `/${METERING}/api/commands`, { kind, meter: meter.id, reason, ...more }, key)
    setKey(newIntention())
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('commands') ?? false })
    return command
  }
  const at_once = async (kind: CommandKind) => {
    setWorking(kind)
    setError(null)
    try {
      await order(kind, t(`command.kind.${kind}`))
    } catch (failed) {
      setError(failed)
    } finally {
      setWorking(null)
    }
  }
  const dangerous = async (kind: CommandKind, { reason, witness }: Confirmed, minutes?: number) => {
    const command = await order(kind, reason, { ...(witness && { on_site_by: witness }), ...(minutes && { minutes }) })
    setAsked(null)
    await navigate({ to: '/operator/commands/$command', params: { command: command.id } })
  }

  return (
    <>
      {inOrder(meter.commands_allowed).map((kind) =>
        AT_ONCE.includes(kind) ? (
          <Button key={kind} type={kind === 'read_on_demand' ? 'primary' : 'default'} loading={working === kind} onClick={() => void at_once(kind)}>{t(`command.kind.${kind}`)}</Button>
        ) : (
          <Button key={kind} danger={CUTS.includes(kind)} onClick={() => { setKey(newIntention()); setAsked(kind) }}>{t(`command.kind.${kind}`)}</Button>
        ),
      )}
      {meter.limit_refusal && <Button disabled title={pick(meter.limit_refusal)} aria-describedby="limit-refusal">{t('command.kind.limit_supply')}</Button>}
      {session.rights.includes('meters.exchange') && meter.state !== 'exchanged' && <Button onClick={() => setExchanging(true)}>{t('exchange.action')}</Button>}
      {exchanging && <ExchangeDialog meter={meter} onClose={() => setExchanging(false)} />}
      {error !== null && <Failure error={error} />}
      {asked && <OrderDialog kind={asked} meter={meter} onClose={() => setAsked(null)} onOrder={(confirmed, minutes) => dangerous(asked, confirmed, minutes)} />}
      {meter.limit_refusal && <span id="limit-refusal" className="muted" style={{ flexBasis: '100%' }}>{t('command.kind.limit_supply')}: {pick(meter.limit_refusal)}</span>}
    </>
  )
}

interface DialogProps { kind: CommandKind; meter: Meter; onClose: () => void; onOrder: (confirmed: Confirmed, minutes?: number) => Promise<void> }

function OrderDialog({ kind, meter, onClose, onOrder }: DialogProps) {
  const { t } = useTranslation()
  const pick = usePick()
  const effect = useQuery({ ...effectQuery(kind, meter.id), placeholderData: undefined })
  const [minutes, setMinutes] = useState(USUAL_LIMIT)
  const id = useId()
  const words = effect.data ? (
    <>
      <p>{pick(effect.data.effect)}</p>
      <p style={{ fontWeight: 450 }}>{meter.number} · {meter.address}</p>
      {effect.data.needs_approval && <p style={{ fontWeight: 450 }}>{t('command.second_person', { minutes: Math.round(effect.data.expires_in_s / 60) })}</p>}
      {effect.data.needs_minutes && effect.data.allowed && (
        <div className="stack">
          <label htmlFor={id}>{t('command.minutes')}</label>
          <Select id={id} value={minutes} onChange={setMinutes} options={LIMITS.map((value) => ({ value, label: durationText(t, value) }))} />
          <p style={{ fontWeight: 450 }}>{t('command.limit_means')}</p>
        </div>
      )}
      {effect.data.needs_on_site && <p style={{ fontWeight: 450 }}>{t('command.on_site')}</p>}
    </>
  ) : effect.error ? <Failure error={effect.error} onRetry={() => void effect.refetch()} /> : <Skeleton height={60} />
  const refusal = !effect.data ? t('command.effect_unknown') : effect.data.allowed ? null : pick(effect.data.refusal) || t('command.not_allowed')
  return (
    <ConfirmDanger
      open title={t(`command.kind.${kind}`)} effect={words} refusal={refusal} danger={CUTS.includes(kind)}
      action={t(`command.kind.${kind}`)} witness={effect.data?.needs_on_site ? t('command.on_site_by') : undefined} onConfirm={(confirmed) => onOrder(confirmed, effect.data?.needs_minutes ? minutes : undefined)} onClose={onClose}
    />
  )
}
