import { useTranslation } from 'react-i18next'
import type { AreaMap, OfficeState } from '../../api/types'
import { useNow } from '../../design/clock'
import { isDay } from '../../design/DayField'
import { shanghai } from '../../design/format'
import { NoticeCard, type NoticeShown } from '../../design/NoticeCard'
import { Card } from '../../design/PageFrame'
import { areaOf, instantOf, type Entry } from './noticeEntry'

/** As a resident will read it, in both languages. */
export function Preview({ entry, map, state }: { entry: Entry; map: AreaMap; state: OfficeState }) {
  const { t } = useTranslation()
  const now = useNow(60_000)
  const both = (key: `notice.standing.${NoticeShown['standing']}` | `notice.kind.${Entry['kind']}`) => ({ zh: t(key, { lng: 'zh' }), en: t(key, { lng: 'en' }) })
  const standing = state === 'withdrawn' ? 'withdrawn' : standingOf(entry, now)
  const notice: NoticeShown = {
    service: entry.service, kind: entry.kind, kind_text: both(`notice.kind.${entry.kind}`), title: { zh: entry.title_zh || t('notice.title_zh', { lng: 'zh' }), en: entry.title_en || t('notice.title_en', { lng: 'en' }) }, text: { zh: entry.text_zh, en: entry.text_en },
    starts_at: instantOf(isDay(entry.starts) ? entry.starts : '2026-01-01T00:00'), ends_at: isDay(entry.ends) ? instantOf(entry.ends) : null, area: areaOf(entry, map), standing, standing_text: both(`notice.standing.${standing}`), is_affected: true, is_read: false,
  }
  return (
    <Card title={t('notice.preview')}>
      <div className="notices">{(['zh', 'en'] as const).map((language) => <NoticeCard key={language} notice={notice} language={language} />)}</div>
    </Card>
  )
}

function standingOf({ starts, ends }: Entry, now: number): NoticeShown['standing'] {
  if (isDay(ends) && shanghai(instantOf(ends)).valueOf() <= now) return 'over'
  return isDay(starts) && shanghai(instantOf(starts)).valueOf() <= now ? 'now' : 'ahead'
}
