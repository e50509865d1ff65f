import { useTranslation } from 'react-i18next'
import type { Publisher, Service } from '../api/types'
import { COLOURS, PUBLISHERS } from './format'

const SHAPES: Record<Service, string> = {
  electricity: 'M13 2 4 14h6l-1 8 9-12h-6z',
  water: 'M12 2.5c4 4.7 6.5 8.2 6.5 11.7a6.5 6.5 0 0 1-13 0c0-3.5 2.5-7 6.5-11.7z',
  gas: 'M12 2c1 4 6 6.3 6 12a6 6 0 0 1-12 0c0-2.6 1.2-4.3 2.6-5.6.2 2 .9 2.9 1.9 3.3C10 8 10.4 4.6 12 2z',
  heat: 'M7 3c3 3-2 5 1 9s-1 6-1 9M13 3c3 3-2 5 1 9s-1 6-1 9M19 3c3 3-2 5 1 9s-1 6-1 9',
}

const SIGNS: Record<Publisher, string> = {
  government: 'M12 3 3 8v2h18V8zM5 11v7h2v-7zm4 0v7h2v-7zm4 0v7h2v-7zm4 0v7h2v-7zM3 19v2h18v-2z',
  community: 'M8 4 2 9.5V20h5v-5h2v5h3V9.5zM17 8l-3 2.7V20h8v-7.3zm0 7h2v2h-2z',
  building: 'M6 3v18h4v-4h4v4h4V3zm3 3h2v2H9zm4 0h2v2h-2zM9 10h2v2H9zm4 0h2v2h-2z',
}

/** Whose an announcement is that is of no medium. */
export function PublisherShape({ publisher, size = 18 }: { publisher: Publisher; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="medium-shape">
      <path d={SIGNS[publisher]} fill={PUBLISHERS[publisher]} fillRule="evenodd" />
    </svg>
  )
}

export function MediumShape({ service, size = 18 }: { service: Service; size?: number }) {
  const line = service === 'heat'
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="medium-shape">
      <path d={SHAPES[service]} fill={line ? 'none' : COLOURS[service]} stroke={line ? COLOURS[service] : 'none'} strokeWidth="2" />
    </svg>
  )
}

/** What a request is about: a medium, or a community's premises. */
export function AboutTag({ about }: { about: Service | 'community' }) {
  const { t } = useTranslation()
  if (about !== 'community') return <MediumTag service={about} />
  return <span className="medium-tag"><PublisherShape publisher={about} />{t('view.of_community')}</span>
}

/** A medium by colour, shape and word: never by colour alone. */
export function MediumTag({ service, size }: { service: Service; size?: number }) {
  const { t } = useTranslation()
  return (
    <span className="medium-tag">
      <MediumShape service={service} size={size} />
      {t(`service.${service}`)}
    </span>
  )
}
