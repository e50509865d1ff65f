import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { noticeReachQuery, officeNoticesQuery, PLATFORM, sessionQuery } from '../../api/queries'
import type { NoticeReach, OfficeNoticeRow, OfficeState } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { ExportButtons } from '../../design/ExportButtons'
import { instantText, MISSING, numberText } from '../../design/format'
import { LinkButton } from '../../design/LinkButton'
import { NoticeMedium } from '../../design/NoticeCard'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { useSaid } from '../../design/StateView'

export const OFFICE_TONES: Record<OfficeState, Tone> = { draft: 'quiet', scheduled: 'late', published: 'good', withdrawn: 'bad' }
const NEWEST = 200

/** What we have announced, how it stands and how far it came. */
export function AnnouncementsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const { data: session } = useQuery(sessionQuery)
  const reach = useQuery(noticeReachQuery(system, { size: NEWEST }))
  const said = useSaid(reach.error)
  const came = new Map(reach.data?.rows.map((row) => [row.id, row]))
  const count = (name: 'recipients' | 'delivered' | 'read'): Column<OfficeNoticeRow> => ({
    key: `reach_${name}`, title: t(`notice.${name}`), right: true, cell: ({ id }) => (came.has(id) ? numberText(came.get(id)![name], '1') : MISSING),
  })
  const columns: Column<OfficeNoticeRow>[] = [
    { key: 'title', title: t('notice.title'), wrap: 18, cell: (row) => <Link to="/announcements/$system/$notice" params={{ system, notice: row.id }}>{pick(row.title)}</Link> },
    { key: 'state', title: t('notice.state_name'), sortable: true, cell: (row) => <StateTag tone={OFFICE_TONES[row.state]}>{pick(row.state_text)}</StateTag> },
    { key: 'kind', title: t('notice.kind_name'), sortable: true, cell: (row) => <>{pick(row.kind_text)} <NoticeMedium service={row.service} /></> },
    { key: 'starts_at', title: t('notice.time'), sortable: true, cell: (row) => <>{instantText(row.starts_at)}<div className="muted">{row.ends_at ? instantText(row.ends_at) : t('notice.open_end')}</div></> },
    { key: 'published_at', title: t('notice.published'), sortable: true, cell: (row) => (row.published_at ? instantText(row.published_at) : row.publish_at ? t('notice.due', { time: instantText(row.publish_at) }) : MISSING) },
    count('recipients'), count('delivered'), count('read'),
  ]
  const may_publish = session?.rights.includes('notices.publish')
  return (
    <PageFrame
      title={t('nav.notices')} as_of={reach.data?.as_of} help={t('notice.office_help')}
      actions={may_publish && <LinkButton color="primary" variant="solid" to="/announcements/$system/$notice" params={{ system, notice: 'new' }}>{t('notice.write')}</LinkButton>}
    >
      {reach.error ? <p role="alert" className="refusal">{t('notice.no_counts')} {said.message}</p> : <Numbers rows={reach.data?.rows ?? []} />}
      <Card>
        <DataTable
          aged label={t('nav.notices')} columns={columns} query={(query) => officeNoticesQuery(system, query)} rowKey={(row) => row.id} empty={t('notice.none_written')} exportPath={`/${system}/api/notices`} search={t('notice.search')}
          filters={[{ key: 'state', label: t('notice.state_name'), options: (Object.keys(OFFICE_TONES) as OfficeState[]).map((value) => ({ value, label: t(`notice.state.${value}`) })) }]}
        />
        <p className="row reach"><span className="muted">{t('notice.reach_file')}</span><ExportButtons path={`/${PLATFORM}/api/offices/${encodeURIComponent(system)}/notices`} query={{}} /></p>
      </Card>
    </PageFrame>
  )
}

/** Of all that is published now: for how many households, in how many apps, read in how many. */
function Numbers({ rows }: { rows: NoticeReach[] }) {
  const { t } = useTranslation()
  const live = rows.filter(({ state }) => state === 'published')
  const sum = (name: 'recipients' | 'delivered' | 'read') => numberText(live.reduce((total, row) => total + row[name], 0), '1')
  return (
    <div className="key-numbers">
      <KeyNumber name={t('notice.published_now')}>{live.length}</KeyNumber>
      {(['recipients', 'delivered', 'read'] as const).map((name) => <KeyNumber key={name} name={t(`notice.${name}`)}>{sum(name)}</KeyNumber>)}
    </div>
  )
}
