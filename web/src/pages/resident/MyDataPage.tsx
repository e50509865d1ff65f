import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { address, change, newIntention } from '../../api/client'
import { isHostedWith } from '../../api/places'
import { PLATFORM, POINTS } from '../../api/queries'
import { accessesQuery, consentsQuery, type ConsentOffer } from '../../api/views'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { DataTable } from '../../design/DataTable'
import { ExportButtons } from '../../design/ExportButtons'
import { instantText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick, usePreferences } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { useProvisionColumns } from '../steward/ProvisionsPage'
import { HeardFromHome } from './HeardFromHome'
import './resident.css'

/** My data: who may have it, and who looked. */
export function MyDataPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const { language } = usePreferences()
  const consents = useQuery(consentsQuery(account))
  const [deciding, setDeciding] = useState<ConsentOffer | null>(null)
  const [, , what, purpose, basis, , , allowed, ...rest] = useProvisionColumns()
  const [given, party] = useProvisionColumns()
  const columns = [given!, party!, what!, purpose!, basis!, allowed!, rest.at(-1)!]
  return (
    <PageFrame title={t('nav.my_data')} help={t('consent.help')}>
      <Card title={t('consent.title')}>
        <p className="muted">{t('consent.about')}</p>
        <StateView query={consents} height={200} empty={({ offers }) => (offers.length === 0 ? t('consent.none') : null)}>
          {({ offers }) => <ul className="row-cards" aria-label={t('consent.title')}>{offers.map((offer) => <li key={`${offer.receiver}/${offer.message}/${offer.purpose}`}><Offer offer={offer} onDecide={() => setDeciding(offer)} /></li>)}</ul>}
        </StateView>
      </Card>
      <Card title={t('consent.looked')}>
        <DataTable aged label={t('consent.looked')} columns={columns} query={(query) => accessesQuery(account, query)} rowKey={(row) => row.id} empty={t('consent.nobody')} exportPath={`/${PLATFORM}/api/households/${encodeURIComponent(account)}/accesses`} />
      </Card>
      {isHostedWith(POINTS, PLATFORM) && <HeardFromHome account={account} />}
      <Card title={t('consent.own')}>
        <p className="muted">{t('consent.own_about')}</p>
        <p><a className="export" href={address(`/${PLATFORM}/api/households/${encodeURIComponent(account)}/data`, { language })} download>↓ {t('consent.own_all')}</a></p>
        {(['bills', 'payments'] as const).map((what) => <p key={what} className="row">{t(`consent.${what}`)} <ExportButtons path={`/${PLATFORM}/api/households/${encodeURIComponent(account)}/${what}`} query={{}} /></p>)}
      </Card>
      {deciding && <Decide account={account} offer={deciding} onClose={() => setDeciding(null)} />}
    </PageFrame>
  )
}

function Offer({ offer, onDecide }: { offer: ConsentOffer; onDecide: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const given = offer.state === 'given'
  return (
    <>
      <div className="row-title">{pick(offer.receiver_name)} · {pick(offer.purpose_text)}</div>
      <p className="muted">{pick(offer.message_text)}{offer.is_connected ? '' : ` · ${t('consent.not_connected')}`}</p>
      <div className="row">
        <StateTag tone={given ? 'good' : 'quiet'}>{t(given ? 'consent.given' : offer.state ? 'consent.withdrawn' : 'consent.never')}</StateTag>
        <Button size="small" danger={given} onClick={onDecide}>{t(given ? 'consent.withdraw' : 'consent.give')}</Button>
      </div>
      {offer.history.length > 0 && (
        <details>
          <summary>{t('consent.history')}</summary>
          <ul>{offer.history.map((one) => <li key={one.changed_at + one.state}>{instantText(one.changed_at)} · {pick(one.state_text)} · {one.changed_by}</li>)}</ul>
        </details>
      )}
    </>
  )
}

function Decide({ account, offer, onClose }: { account: string; offer: ConsentOffer; onClose: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const [key] = useState(newIntention)
  const given = offer.state === 'given'
  const confirm = async () => {
    const { receiver, message, purpose } = offer
    await change('POST', `/${PLATFORM}/api/households/${encodeURIComponent(account)}/consents`, { receiver, message, purpose, state: given ? 'withdrawn' : 'given' }, key)
    onClose()
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('consents') ?? false })
  }
  const said = { party: pick(offer.receiver_name), what: pick(offer.message_text), purpose: pick(offer.purpose_text) }
  return (
    <ConfirmDanger
      open title={t(given ? 'consent.withdraw' : 'consent.give')} effect={<p>{t(given ? 'consent.withdraw_effect' : 'consent.give_effect', said)}</p>} needs_reason={false} danger={!given}
      action={t(given ? 'consent.withdraw' : 'consent.give')} onConfirm={confirm} onClose={onClose}
    />
  )
}
