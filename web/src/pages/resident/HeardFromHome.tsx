import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { homeHeardQuery } from '../../api/queries'
import type { HomeHeard, ItemNow } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { Value } from './placeParts'

const EVENTS_SHOWN = 8

/** What the platform itself has heard from the devices of my home, whoever hosts the home. */
export function HeardFromHome({ account }: { account: string }) {
  const { t } = useTranslation()
  const heard = useQuery(homeHeardQuery(account))
  return (
    <Card title={t('heard.title')}>
      <p className="muted">{t('heard.about')}</p>
      <StateView query={heard} height={160} empty={(data) => (data.points.length + data.events.length === 0 ? t('heard.nothing') : null)}>
        {(data) => (
          <>
            <Values heard={data} />
            {data.events.length > 0 && <Happened heard={data} />}
          </>
        )}
      </StateView>
    </Card>
  )
}

function Values({ heard }: { heard: HomeHeard }) {
  const { t } = useTranslation()
  const pick = usePick()
  const rows = heard.points.flatMap(({ point, items }) => items.map((item) => ({ point, item })))
  return (
    <table className="plain-table" data-testid="heard-values">
      <thead><tr><th scope="col">{t('heard.device')}</th><th scope="col">{t('heard.what')}</th><th scope="col">{t('heard.value')}</th><th scope="col">{t('heard.at')}</th></tr></thead>
      <tbody>
        {rows.map(({ point, item }) => (
          <tr key={`${point}/${item.item}`}><th scope="row">{point}</th><td>{pick(item.name)}</td><td><Said item={item} /></td><td><AgeBadge at={item.as_of} /></td></tr>
        ))}
      </tbody>
    </table>
  )
}

/** A value with its unit, or, of what is one way or the other, the word for it. */
function Said({ item }: { item: ItemNow }) {
  const { t } = useTranslation()
  const is = item.value !== 0
  if (item.item === 'switch') return t(is ? 'places.on' : 'places.off')
  if (item.item === 'open' || item.item === 'smoke') return t(`places.sensor.${item.item}.${is ? 'yes' : 'no'}`)
  return <Value item={item} />
}

function Happened({ heard }: { heard: HomeHeard }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <ul className="alerts" aria-label={t('heard.happened')}>
      {heard.events.slice(0, EVENTS_SHOWN).map((event) => (
        <li key={`${event.point}/${event.code}/${event.at}`} className="between">
          <span className="row"><StateTag tone={event.severity === 'critical' ? 'bad' : event.severity === 'warning' ? 'late' : 'busy'}>{pick(event.text)}</StateTag> <span className="muted">{pick(event.point_name)}</span></span>
          <AgeBadge at={event.at} />
        </li>
      ))}
    </ul>
  )
}
