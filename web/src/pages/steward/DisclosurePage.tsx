import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { change } from '../../api/client'
import { sessionQuery } from '../../api/queries'
import { disclosureQuery, type Disclosure } from '../../api/views'
import { AreaWords } from '../../design/AreaWords'
import { ConfirmDanger, type Confirmed } from '../../design/ConfirmDanger'
import { DayField, isDay } from '../../design/DayField'
import { DayRange } from '../../design/DayRange'
import { dateText, instantText, MISSING, numberText } from '../../design/format'
import { AboutTag } from '../../design/MediumTag'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { DISCLOSURE_TONES } from './DisclosuresPage'

type Act = 'approve' | 'refuse' | 'revoke'

/** One request of somebody else: what it would tell of, why, and our word. */
export function DisclosurePage() {
  const { t } = useTranslation()
  const pick = usePick()
  const { system, asker, request } = useParams({ strict: false }) as { system: string; asker: string; request: string }
  const known = useQuery({ ...disclosureQuery(system, asker, request), placeholderData: undefined })
  const before = <Link to="/disclosures/$system" params={{ system }}>← {t('nav.disclosures')}</Link>
  return (
    <PageFrame title={known.data ? pick(known.data.what_text) : request} as_of={known.data?.as_of} before={before} help={t('view.owner_help')}>
      <StateView query={known} height={420}>{(disclosure) => <Whole system={system} disclosure={disclosure} />}</StateView>
    </PageFrame>
  )
}

function Whole({ system, disclosure }: { system: string; disclosure: Disclosure }) {
  const { t } = useTranslation()
  const pick = usePick()
  const { data: session } = useQuery(sessionQuery)
  const [act, setAct] = useState<Act | null>(null)
  const decides = session?.rights.includes('disclosures.decide')
  const is_open = disclosure.state === 'waiting' || disclosure.state === 'half_approved'
  const mine = disclosure.first_by !== null && disclosure.first_by === session?.login
  const facts: [string, ReactNode][] = [
    [t('view.number'), disclosure.id],
    [t('view.party'), `${pick(disclosure.party_name)} · ${disclosure.requested_by}`],
    [t('notice.medium'), <AboutTag key="about" about={disclosure.service} />],
    [t('notice.where'), <AreaWords key="area" area={disclosure.area} />],
    [t('view.days'), <DayRange key="days" first={disclosure.first_day} last={disclosure.last_day} />],
    [t('view.purpose'), pick(disclosure.purpose_text)],
    [t('view.reason'), disclosure.reason],
    [t('view.basis'), disclosure.legal_basis || MISSING],
    [t('view.heard'), instantText(disclosure.heard_at)],
    [t('view.first_approval'), disclosure.first_at ? `${instantText(disclosure.first_at)} · ${disclosure.first_by}` : MISSING],
    [t('view.decided'), disclosure.decided_at ? `${instantText(disclosure.decided_at)} · ${disclosure.decided_by} · ${disclosure.decision_reason ?? ''}` : MISSING],
    [t('view.expires'), instantText(disclosure.expires_at)],
  ]
  return (
    <>
      <div className="key-numbers">
        <KeyNumber name={t('view.points')}>{numberText(disclosure.points, '1')}</KeyNumber>
        <KeyNumber name={t('view.level')}>{t(disclosure.is_personal ? 'view.households' : 'view.sums')}</KeyNumber>
        <KeyNumber name={t('view.rows_told')}>{disclosure.state === 'approved' ? numberText(disclosure.rows, '1') : MISSING}</KeyNumber>
        <KeyNumber name={t('view.rows_suppressed')}>{disclosure.state === 'approved' ? numberText(disclosure.suppressed, '1') : MISSING}</KeyNumber>
      </div>
      <Card
        title={<StateTag tone={DISCLOSURE_TONES[disclosure.state]}>{pick(disclosure.state_text)}</StateTag>}
        extra={decides && (
          <span className="row">
            {is_open && mine && <span className="muted">{t('view.another_person')}</span>}
            {is_open && !mine && <Button type="primary" onClick={() => setAct('approve')}>{t('view.approve')}</Button>}
            {is_open && <Button onClick={() => setAct('refuse')}>{t('view.refuse')}</Button>}
            {disclosure.state === 'approved' && <Button danger onClick={() => setAct('revoke')}>{t('view.revoke')}</Button>}
          </span>
        )}
      >
        <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      </Card>
      {act && <Decide system={system} disclosure={disclosure} act={act} onClose={() => setAct(null)} />}
    </>
  )
}

function Decide({ system, disclosure, act, onClose }: { system: string; disclosure: Disclosure; act: Act; onClose: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const id = useId()
  const [until, setUntil] = useState('')
  const path = `/${system}/api/disclosures/${encodeURIComponent(disclosure.asker)}/${encodeURIComponent(disclosure.id)}`
  const confirm = async ({ reason, password }: Confirmed) => {
    if (act === 'revoke') await change<Disclosure>('POST', `${path}/revocation`, { reason })
    else await change<Disclosure>('POST', `${path}/decision`, { decision: act, reason, password, until: act === 'approve' && until ? `${until}T23:59:00+08:00` : null })
    onClose()
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('disclosures') ?? false })
  }
  const effect = (
    <div className="stack">
      <p>{t(`view.${act}_effect`, { party: pick(disclosure.party_name), count: disclosure.points })}</p>
      {act === 'approve' && disclosure.is_personal && <p>{t(disclosure.first_by ? 'view.second_effect' : 'view.first_effect')}</p>}
      {act === 'approve' && (
        <>
          <label htmlFor={id}>{t('view.until_earlier', { day: dateText(disclosure.expires_at) })}</label>
          <DayField id={id} value={until} max={dateText(disclosure.expires_at)} onChange={setUntil} />
        </>
      )}
    </div>
  )
  return <ConfirmDanger open title={t(`view.${act}`)} effect={effect} ready={until === '' || isDay(until)} needs_password={act !== 'revoke'} danger={act !== 'refuse'} action={t(`view.${act}`)} onConfirm={confirm} onClose={onClose} />
}
