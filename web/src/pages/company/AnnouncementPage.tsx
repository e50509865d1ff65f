import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { noticeReachQuery, officeAreasQuery, officeNoticeQuery, sessionQuery } from '../../api/queries'
import type { AreaMap, OfficeNotice } from '../../api/types'
import { useNow } from '../../design/clock'
import { numberText, secondsText } from '../../design/format'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { OFFICE_TONES } from './AnnouncementsPage'
import { Composer } from './Composer'
import { emptyEntry, entryOf } from './noticeEntry'
import { Preview } from './NoticePreview'

/** One announcement: write it, see it as a resident will, publish now or later, correct it, take it back. */
export function AnnouncementPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const { system, notice: id } = useParams({ strict: false }) as { system: string; notice: string }
  const known = useQuery({ ...officeNoticeQuery(system, id), enabled: id !== 'new', placeholderData: undefined })
  const areas = useQuery(officeAreasQuery(system))
  const before = <Link to="/announcements/$system" params={{ system }}>← {t('nav.notices')}</Link>
  return (
    <PageFrame title={id === 'new' ? t('notice.write') : known.data ? pick(known.data.title) : id} before={before} help={t('notice.compose_help')}>
      <StateView query={areas} height={480}>
        {(map) => (id === 'new' ? <New system={system} map={map} /> : <StateView query={known} height={480}>{(notice) => <Known system={system} map={map} notice={notice} />}</StateView>)}
      </StateView>
    </PageFrame>
  )
}

function New({ system, map }: { system: string; map: AreaMap }) {
  const navigate = useNavigate()
  const now = useNow(3_600_000)
  const open = ({ id }: OfficeNotice) => navigate({ to: '/announcements/$system/$notice', params: { system, notice: id }, replace: true })
  return <Composer system={system} map={map} notice={null} first={emptyEntry(map.media[0] ?? 'government', now, map)} onSaved={open} />
}

function Known({ system, map, notice }: { system: string; map: AreaMap; notice: OfficeNotice }) {
  const { data: session } = useQuery(sessionQuery)
  const writes = session?.rights.includes('notices.publish') && notice.state !== 'withdrawn'
  const entry = entryOf(notice.words)
  return (
    <>
      <Standing system={system} notice={notice} />
      {writes ? <Composer key={notice.revision} system={system} map={map} notice={notice} first={entry} /> : <Preview entry={entry} map={map} state={notice.state} />}
      {notice.editions.length > 0 && <Editions notice={notice} />}
    </>
  )
}

function Standing({ system, notice }: { system: string; notice: OfficeNotice }) {
  const { t } = useTranslation()
  const pick = usePick()
  const reach = useQuery(noticeReachQuery(system, { size: 200 }))
  const came = reach.data?.rows.find(({ id }) => id === notice.id)
  return (
    <>
      <p className="row">
        <StateTag tone={OFFICE_TONES[notice.state]}>{pick(notice.state_text)}</StateTag>
        {notice.publish_at && <span>{t('notice.due', { time: secondsText(notice.publish_at) })}</span>}
        {notice.withdrawn_because && <span>{t('notice.because', { reason: notice.withdrawn_because })}</span>}
      </p>
      {came && <div className="key-numbers">{(['recipients', 'delivered', 'read'] as const).map((name) => <KeyNumber key={name} name={t(`notice.${name}`)}>{numberText(came[name], '1')}</KeyNumber>)}</div>}
    </>
  )
}

function Editions({ notice }: { notice: OfficeNotice }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <Card title={t('notice.editions')}>
      <ol className="timeline">
        {notice.editions.map((one) => (
          <li key={one.edition} className={one.edition === notice.edition ? 'newest' : ''}>
            <strong>{t('notice.edition', { number: one.edition })} · {t(`notice.state.${one.state}`)}</strong>
            <time dateTime={one.told_at}>{secondsText(one.told_at)}</time>
            <span>{one.told_by}</span>
            <p>{pick(one.title)}</p>
          </li>
        ))}
      </ol>
    </Card>
  )
}
