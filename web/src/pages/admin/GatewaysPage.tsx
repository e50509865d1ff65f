import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useChanges } from '../../api/changes'
import { ADMISSION, drawCredential, gatewaysQuery, revokeCredential, type CredentialDrawn, type GatewayPer, type GatewayRow } from '../../api/gateways'
import { sessionQuery, siteQuery } from '../../api/queries'
import { AgeBadge } from '../../design/AgeBadge'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { CopyButton } from '../../design/CopyButton'
import { DataTable, type Column } from '../../design/DataTable'
import { MISSING, secondsText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Skeleton } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import { EnrolGateway } from './EnrolGateway'
import './admin.css'

type Act = { what: 'draw' | 'revoke'; row: GatewayRow }

/** Who comes in over MQTT at each system: enrolled, with a credential or without, when it was there last. */
export function GatewaysPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const [state, setState] = useUrlState()
  const { data: site } = useQuery(siteQuery)
  const { data: session } = useQuery(sessionQuery)
  const systems = site?.systems.filter(({ id, hosts }) => (!session?.system || session.system === id) && hosts.some(({ capability }) => capability === ADMISSION)) ?? []
  const chosen = systems.find(({ id }) => id === state.system) ?? systems[0]
  useChanges(chosen ? [chosen.id] : [])
  const of = (chosen?.hosts.find(({ capability }) => capability === ADMISSION)?.of ?? []) as GatewayPer[]
  return (
    <PageFrame title={t('nav.gateways')} help={t('gateways.help')}>
      <label className="row">
        {t('users.system')}
        <Select
          className="system-choice" aria-label={t('users.system')} value={chosen?.id} options={systems.map(({ id, name }) => ({ value: id, label: pick(name) }))}
          onChange={(system: string) => setState({ system, page: undefined })}
        />
      </label>
      {chosen ? <Gateways key={chosen.id} system={chosen.id} of={of} /> : site ? <p>{t('gateways.nobody')}</p> : <Skeleton height={320} />}
    </PageFrame>
  )
}

function Gateways({ system, of }: { system: string; of: GatewayPer[] }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [act, setAct] = useState<Act | null>(null)
  const [drawn, setDrawn] = useState<CredentialDrawn | null>(null)
  const look = () => client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('gateways') ?? false })
  const settle = async ({ what, row }: Act) => {
    setDrawn(what === 'draw' ? await drawCredential(system, row) : (await revokeCredential(system, row), null))
    setAct(null)
    await look()
  }
  const instant = (at: string | null) => (at ? <>{secondsText(at)}<div className="muted"><AgeBadge at={at} /></div></> : MISSING)
  const columns: Column<GatewayRow>[] = [
    { key: 'name', title: t('gateways.name'), sortable: true, wrap: 14, cell: (row) => <>{row.name}{row.login !== row.name && <div className="muted"><code>{row.login}</code></div>}</> },
    { key: 'per', title: t('gateways.per'), sortable: true, wrap: 7, cell: (row) => t(`gateways.of.${row.per}`) },
    { key: 'place', title: t('gateways.place'), sortable: true, wrap: 11, cell: (row) => row.place },
    { key: 'has_credential', title: t('gateways.credential'), wrap: 7, cell: (row) => <><StateTag tone={row.has_credential ? 'good' : row.revoked_at ? 'late' : 'quiet'}>{t(row.has_credential ? 'gateways.has' : row.revoked_at ? 'gateways.revoked' : 'gateways.none')}</StateTag><div className="muted">{(row.revoked_at ?? row.issued_at) && secondsText(row.revoked_at ?? row.issued_at ?? '')}</div></> },
    { key: 'came_in_at', title: t('gateways.came_in'), sortable: true, wrap: 6, cell: (row) => instant(row.came_in_at) },
    { key: 'heard_at', title: t('gateways.heard'), sortable: true, wrap: 6, cell: (row) => instant(row.heard_at) },
    {
      key: 'do', title: t('parked.do'), wrap: 9, cell: (row) => (
        <span className="row">
          <Button size="small" type={row.has_credential ? 'default' : 'primary'} onClick={() => setAct({ what: 'draw', row })}>{t('gateways.draw')}</Button>
          {row.has_credential && <Button size="small" onClick={() => setAct({ what: 'revoke', row })}>{t('gateways.revoke')}</Button>}
        </span>
      ),
    },
  ]
  return (
    <>
      <Card>
        <div role="status">
          {drawn && (
            <p className="outcome">
              <StateTag tone="good">{t('gateways.drawn')}</StateTag> <code>{drawn.login}</code> <code className="secret">{drawn.secret}</code> <CopyButton text={() => drawn.secret} label={t('gateways.copy')} />
            </p>
          )}
        </div>
        <DataTable aged label={t('nav.gateways')} columns={columns} query={(query) => gatewaysQuery(system, query)} rowKey={(row) => row.login} empty={t('gateways.empty')} exportPath={`/${system}/api/gateways`} />
        {act && (
          <ConfirmDanger
            open needs_reason={false} danger={act.what === 'revoke' || act.row.has_credential} title={t(`gateways.${act.what}`)} action={t(`gateways.${act.what}`)} onClose={() => setAct(null)} onConfirm={() => settle(act)}
            effect={<p>{t(act.what === 'revoke' ? 'gateways.revoke_effect' : act.row.has_credential ? 'gateways.redraw_effect' : 'gateways.draw_effect', { name: act.row.login })}</p>}
          />
        )}
      </Card>
      <EnrolGateway system={system} of={of} onDone={look} />
    </>
  )
}
