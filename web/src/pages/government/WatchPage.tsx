import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { ApiError, change } from '../../api/client'
import { sessionQuery } from '../../api/queries'
import { watchQuery, type WatchedRow } from '../../api/watch'
import { AgeBadge } from '../../design/AgeBadge'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

/** Alarms of people's safety and what is abnormal over whole areas, as we heard of it; whoever takes note is told to the others. */
export function WatchPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const { data: session } = useQuery(sessionQuery)
  const columns: Column<WatchedRow>[] = [
    { key: 'kind', title: t('watch.kind'), sortable: true, cell: (row) => <><strong>{pick(row.kind_text)}</strong><div className="muted">{pick(row.what_text)}</div></> },
    { key: 'state', title: t('watch.state'), sortable: true, cell: (row) => <StateTag tone={row.is_open ? (row.what === 'alarm' ? 'bad' : 'late') : 'quiet'}>{pick(row.state_text)}</StateTag> },
    { key: 'service', title: t('notice.medium'), sortable: true, cell: (row) => (row.service ? <MediumTag service={row.service} /> : MISSING) },
    { key: 'where', title: t('watch.where'), cell: (row) => <>{pick(row.where)}<div className="muted">{pick(row.detail)}</div></> },
    { key: 'began_at', title: t('watch.began'), sortable: true, cell: (row) => <>{instantText(row.began_at)} <AgeBadge at={row.began_at} /></> },
    { key: 'acknowledged_by', title: t('watch.noted'), sortable: true, cell: (row) => <Noted system={system} row={row} may={session?.rights.includes('watch.acknowledge') ?? false} /> },
  ]
  return (
    <PageFrame title={t('nav.watch')} help={t('watch.help')}>
      <Card>
        <DataTable
          aged label={t('nav.watch')} columns={columns} query={(query) => watchQuery(system, query)} rowKey={(row) => row.id} empty={t('watch.none')} exportPath={`/${system}/api/watch`}
          filters={[
            { key: 'what', label: t('watch.what'), options: (['alarm', 'anomaly'] as const).map((value) => ({ value, label: t(`watch.${value}`) })) },
            { key: 'only_open', label: t('watch.state'), options: [{ value: 'true', label: t('watch.open') }] },
          ]}
        />
      </Card>
    </PageFrame>
  )
}

function Noted({ system, row, may }: { system: string; row: WatchedRow; may: boolean }) {
  const { t } = useTranslation()
  const pick = usePick()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const note = useMutation({
    mutationFn: () => change<WatchedRow>('POST', `/${system}/api/watch/${encodeURIComponent(row.id)}/acknowledgement`),
    onError: (error) => message.error(error instanceof ApiError ? pick(error.message_text) : error.message),
    onSettled: () => queries.invalidateQueries({ queryKey: [system, '/watch'] }),
  })
  if (row.acknowledged_by) return <>{row.acknowledged_by}<div className="muted">{row.acknowledged_at && instantText(row.acknowledged_at)}</div></>
  return may ? <Button size="small" loading={note.isPending} onClick={() => note.mutate()}>{t('watch.note')}</Button> : <>{MISSING}</>
}
