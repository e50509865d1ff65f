import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change } from '../../api/client'
import { commandQuery, effectQuery, METERING, sessionQuery } from '../../api/queries'
import type { Command } from '../../api/types'
import { CommandTimeline } from '../../design/CommandTimeline'
import { ConfirmDanger, type Confirmed } from '../../design/ConfirmDanger'
import { MISSING, secondsText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateView } from '../../design/StateView'
import { durationText } from './duration'

/** One order from its reason to its confirmed end. */
export function CommandPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const id = useParams({ strict: false }).command!
  const query = useQuery(commandQuery(id))
  return (
    <PageFrame title={query.data ? pick(query.data.kind_name) : t('nav.commands')} help={t('command.help')} before={<Link to="/operator/commands">‹ {t('nav.commands')}</Link>} actions={query.data && <Decision command={query.data} />}>
      <StateView query={query} height={420}>
        {(command) => (
          <div className="grid-2">
            <Card title={t('command.timeline')}><CommandTimeline command={command} /></Card>
            <Card title={t('command.order')}><Order command={command} /></Card>
          </div>
        )}
      </StateView>
    </PageFrame>
  )
}

function Order({ command }: { command: Command }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <dl className="facts">
        <div><dt>{t('meter.number')}</dt><dd><Link to="/operator/meters/$meter" params={{ meter: command.meter }}>{command.meter_number}</Link></dd></div>
        <div><dt>{t('map.medium')}</dt><dd><MediumTag service={command.service} size={16} /></dd></div>
        <div><dt>{t('meter.address')}</dt><dd>{command.address}</dd></div>
        {command.minutes !== null && <div><dt>{t('command.minutes')}</dt><dd>{durationText(t, command.minutes)}</dd></div>}
        {command.back_by && <div><dt>{t('command.back_by')}</dt><dd>{secondsText(command.back_by)}</dd></div>}
        <div><dt>{t('confirm.reason')}</dt><dd>{command.reason}</dd></div>
        <div><dt>{t('command.ordered_by')}</dt><dd>{command.ordered_by}</dd></div>
        <div><dt>{t('command.approved_by')}</dt><dd>{command.approved_by ?? MISSING}</dd></div>
        {command.on_site_by && <div><dt>{t('command.on_site_by')}</dt><dd>{command.on_site_by}</dd></div>}
        <div><dt>{t('command.created_at')}</dt><dd>{secondsText(command.created_at)}</dd></div>
        <div><dt>{t('command.expires_at')}</dt><dd>{secondsText(command.expires_at)}</dd></div>
      </dl>
      {command.result.length > 0 && (
        <div className="stack" style={{ marginTop: '1rem' }}>
          <h3>{t('command.result')}</h3>
          {command.result.map(({ reading_type, name, figure }) => <div key={reading_type} className="between"><span>{pick(name)}</span><NumberWithUnit figure={figure} /></div>)}
        </div>
      )}
    </>
  )
}

/** What is decided on: which meter, why, and who answers for the spot. */
function Ordered({ command }: { command: Command }) {
  const { t } = useTranslation()
  const lines = [
    `${command.meter_number} · ${command.address}`, `${t('confirm.reason')}: ${command.reason} (${command.ordered_by})`,
    ...(command.on_site_by ? [`${t('command.on_site_by')}: ${command.on_site_by}`] : []),
  ]
  return lines.map((line) => <p key={line} style={{ fontWeight: 450 }}>{line}</p>)
}

type Deciding = 'approve' | 'reject' | 'cancel'

function Decision({ command }: { command: Command }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [deciding, setDeciding] = useState<Deciding | null>(null)
  const waiting = command.state === 'awaiting_approval'
  const effect = useQuery({ ...effectQuery(command.kind, command.meter), enabled: waiting })
  const mine = session?.login === command.ordered_by
  const may_decide = waiting && session?.rights.includes('commands.approve')
  const may_cancel = (waiting || command.state === 'queued') && session?.rights.includes('commands.create')

  const decide = async ({ reason, password }: Confirmed) => {
    const path = `/${METERING}/api/commands/${encodeURIComponent(command.id)}`
    if (deciding === 'cancel') await change<Command>('POST', `${path}/cancellation`, { reason })
    else await change<Command>('POST', `${path}/approval`, { decision: deciding, reason, password })
    setDeciding(null)
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('commands') ?? false })
  }
  return (
    <>
      {may_decide && !mine && <Button type="primary" onClick={() => setDeciding('approve')}>{t('command.approve')}</Button>}
      {may_decide && !mine && <Button danger onClick={() => setDeciding('reject')}>{t('command.reject')}</Button>}
      {may_decide && mine && <span className="muted">{t('command.another_person')}</span>}
      {may_cancel && <Button onClick={() => setDeciding('cancel')}>{t('command.cancel')}</Button>}
      {deciding && (
        <ConfirmDanger
          open title={t(`command.${deciding}`)} needs_password={deciding !== 'cancel'} danger={deciding === 'approve' && command.kind !== 'reconnect' && command.kind !== 'open_valve'}
          effect={<><p>{deciding === 'approve' ? pick(effect.data?.effect) || pick(command.kind_name) : t('command.nothing_sent')}</p>{deciding === 'approve' && command.minutes !== null && <p style={{ fontWeight: 450 }}>{t('command.for_minutes', { duration: durationText(t, command.minutes) })}</p>}<Ordered command={command} /></>}
          action={t(`command.${deciding}`)} onConfirm={decide} onClose={() => setDeciding(null)}
        />
      )}
    </>
  )
}
