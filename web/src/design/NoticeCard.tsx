import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isService, type HomeNotice, type Language, type Medium, type NoticeStanding } from '../api/types'
import { instantText } from './format'
import { MediumShape, PublisherShape } from './MediumTag'
import './notice.css'
import { StateTag, type Tone } from './StateTag'

/** What a card says; a preview has no publisher yet. */
export type NoticeShown = Pick<HomeNotice, 'service' | 'kind' | 'kind_text' | 'title' | 'text' | 'starts_at' | 'ends_at' | 'area' | 'standing' | 'standing_text' | 'is_affected' | 'is_read'> &
  Partial<Pick<HomeNotice, 'publisher_name' | 'published_at'>>

const TONES: Record<NoticeStanding, Tone> = { ahead: 'late', now: 'busy', over: 'quiet', withdrawn: 'quiet' }

/** An announcement as a resident reads it. Its words are text, whatever is in them. */
export function NoticeCard({ notice, language, actions }: { notice: NoticeShown; language: Language; actions?: ReactNode }) {
  const { t } = useTranslation()
  const say = { lng: language }
  const cut = notice.standing === 'now' && (notice.kind === 'outage' || notice.kind === 'fault')
  const area = notice.area.kind === 'places' ? notice.area.places.map(({ name }) => name[language]).join(t('topology.and', say)) : t(notice.area.kind === 'city' ? 'notice.area.city' : 'notice.area_shown', say)
  return (
    <article className={`notice is-${cut ? 'cut' : notice.standing}`} lang={language}>
      <div className="row">
        <NoticeMedium service={notice.service} language={language} />
        <StateTag tone={cut ? 'bad' : TONES[notice.standing]}>{notice.standing_text[language]}</StateTag>
        <span className="muted">{notice.kind_text[language]}</span>
        {!notice.is_read && <span className="notice-new">{t('notice.new', say)}</span>}
      </div>
      <h2>{notice.title[language]}</h2>
      <p className="notice-text">{notice.text[language]}</p>
      <dl className="facts">
        <div><dt>{t('notice.starts', say)}</dt><dd>{instantText(notice.starts_at)}</dd></div>
        <div><dt>{t('notice.ends', say)}</dt><dd>{notice.ends_at ? instantText(notice.ends_at) : t('notice.open_end', say)}</dd></div>
        <div><dt>{t('notice.where', say)}</dt><dd>{area}</dd></div>
        <div><dt>{t('notice.mine', say)}</dt><dd><StateTag tone={notice.is_affected ? 'late' : 'good'}>{t(notice.is_affected ? 'notice.affected' : 'notice.not_affected', say)}</StateTag></dd></div>
      </dl>
      <div className="between">
        <span className="muted">{notice.publisher_name?.[language]} {notice.published_at && instantText(notice.published_at)}</span>
        {actions}
      </div>
    </article>
  )
}

/** The medium it is about, or whose it is where it is of none. */
export function NoticeMedium({ service, language }: { service: Medium; language?: Language }) {
  const { t } = useTranslation()
  if (!isService(service)) return <span className="medium-tag"><PublisherShape publisher={service} />{t(`notice.of.${service}`, { lng: language })}</span>
  return <span className="medium-tag"><MediumShape service={service} />{t(`service.${service}`, { lng: language })}</span>
}
