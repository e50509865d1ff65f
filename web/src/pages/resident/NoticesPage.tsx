import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Pagination, Segmented } from 'antd'
import { useEffect, useRef, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { homeNoticesQuery, noticeMapQuery, PLATFORM } from '../../api/queries'
import { isService, type HomeNotice, type Medium } from '../../api/types'
import { ExportButtons } from '../../design/ExportButtons'
import { NoticeCard } from '../../design/NoticeCard'
import { NoticeMap } from '../../design/NoticeMap'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePreferences } from '../../design/preferences'
import { StateView } from '../../design/StateView'
import { useNarrow } from '../../design/useNarrow'
import { useUrlState } from '../../design/urlState'
import { give } from '../../shell/useDelivery'
import './resident.css'

const MEDIA = ['all', 'electricity', 'water', 'gas', 'government', 'community', 'building'] as const
const SCOPES = ['mine', 'city'] as const
const SIZE = 20
const READ_AFTER_MS = 1200

/** What is announced to my home: where, from when, until when, and does it concern me. */
export function NoticesPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const [state, setState] = useUrlState()
  const scope = SCOPES.find((known) => known === state.scope) ?? 'mine'
  const service = MEDIA.find((known) => known === state.service) ?? 'all'
  const page = Number(state.page ?? 1)
  const asked = { scope, service: service === 'all' ? undefined : service, page, size: SIZE }
  const narrow = useNarrow()
  const notices = useQuery(homeNoticesQuery(account, asked))
  const box = useRef<HTMLDivElement>(null)
  const show = (notice: string) => {
    setState({ notice })
    box.current?.scrollIntoView({ block: 'nearest' })
  }
  const map = (rows: HomeNotice[]) => <OnMap box={box} account={account} notices={rows} chosen={state.notice} />
  const name = (medium: Medium | 'all') => t(medium === 'all' || isService(medium) ? `service.${medium}` : `notice.of.${medium}`)
  return (
    <PageFrame title={t('nav.notices')} as_of={notices.data?.as_of} help={t('notice.help')} actions={<ExportButtons path={`/${PLATFORM}/api/households/${encodeURIComponent(account)}/notices`} query={asked} />}>
      <div className="row">
        <Segmented aria-label={t('notice.medium')} value={service} options={MEDIA.map((value) => ({ value, label: name(value) }))} onChange={(value) => setState({ service: value === 'all' ? undefined : value, page: undefined })} />
        <Segmented aria-label={t('notice.scope_name')} value={scope} options={SCOPES.map((value) => ({ value, label: t(`notice.scope.${value}`) }))} onChange={(value) => setState({ scope: value === 'mine' ? undefined : value, page: undefined })} />
      </div>
      <StateView query={notices} height={420} empty={(data) => (data.total === 0 ? t('notice.none') : null)}>
        {(data) => (
          <>
            {!narrow && map(data.rows)}
            <Rows label={t('nav.notices')} rows={data.rows.filter((notice) => !isPast(notice))} account={account} onMap={show} />
            <Rows label={t('notice.past')} titled rows={data.rows.filter(isPast)} account={account} onMap={show} />
            {narrow && map(data.rows)}
            {data.total > SIZE && <Pagination simple current={page} pageSize={SIZE} total={data.total} showSizeChanger={false} align="end" onChange={(next) => setState({ page: next === 1 ? undefined : String(next) })} />}
          </>
        )}
      </StateView>
    </PageFrame>
  )
}

const isPast = ({ standing }: HomeNotice) => standing === 'over' || standing === 'withdrawn'

function Rows({ label, titled, rows, account, onMap }: { label: string; titled?: boolean; rows: HomeNotice[]; account: string; onMap: (notice: string) => void }) {
  if (rows.length === 0) return null
  return (
    <>
      {titled && <h2 className="notices-past">{label}</h2>}
      <ul className="notices" aria-label={label}>
        {rows.map((notice) => <li key={`${notice.office}/${notice.id}`}><Row notice={notice} account={account} onMap={() => onMap(notice.id)} /></li>)}
      </ul>
    </>
  )
}

/** The areas of what is not over, or the one asked for, with my home. */
function OnMap({ box, account, notices, chosen }: { box: RefObject<HTMLDivElement | null>; account: string; notices: HomeNotice[]; chosen: string | undefined }) {
  const { t } = useTranslation()
  const map = useQuery(noticeMapQuery(account))
  const shown = notices.filter(({ id, standing }) => id === chosen || (!chosen && (standing === 'now' || standing === 'ahead')))
  if (shown.length === 0) return null
  return (
    <div ref={box} className="on-map">
      <Card title={t('notice.on_map')} extra={<span className="muted home-key">{t('notice.my_home')}</span>}>
        <StateView query={map} height={340} empty={(data) => (data.features.features.length === 0 ? t('map.no_map') : null)}>
          {(data) => <NoticeMap map={data} areas={shown.map(({ id, service, area }) => ({ id, service, area, chosen: id === chosen }))} label={t('notice.map_label')} />}
        </StateView>
      </Card>
    </div>
  )
}

function Row({ notice, account, onMap }: { notice: HomeNotice; account: string; onMap: () => void }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const box = useReadOnSight(account, notice)
  return (
    <div ref={box}>
      <NoticeCard notice={notice} language={language} actions={<button type="button" className="link-button" onClick={onMap}>{t('notice.show_on_map')}</button>} />
    </div>
  )
}

/** Read is what stood before a person's eyes for a moment. */
function useReadOnSight(account: string, notice: HomeNotice) {
  const box = useRef<HTMLDivElement>(null)
  const client = useQueryClient()
  const { office, id, edition } = notice
  const waits = notice.is_affected && !notice.is_read
  useEffect(() => {
    if (!waits || !box.current) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async () => {
      await give(account, [{ office, id, edition }], true).catch(() => undefined)
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('notices') ?? false })
    }
    const watch = new IntersectionObserver(([seen]) => {
      clearTimeout(timer)
      if (seen?.isIntersecting && document.visibilityState === 'visible') timer = setTimeout(() => void read(), READ_AFTER_MS)
    }, { threshold: 0.5 })
    watch.observe(box.current)
    return () => {
      clearTimeout(timer)
      watch.disconnect()
    }
  }, [account, client, office, id, edition, waits])
  return box
}
