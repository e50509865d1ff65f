import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { areaQuery } from '../../api/queries'
import type { Alarm, Area, MapProperties } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { STATE_TONES } from '../../design/CityMap'
import { MISSING, numberText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { usePick } from '../../design/preferences'
import { useService } from '../../design/ServiceSwitch'
import { Sparkline } from '../../design/Sparkline'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { LossFacts } from './LossFacts'
import { TerminalStateTag } from './TerminalStateTag'
import { WorkOrdersOfDevice } from './WorkOrdersOfDevice'

/** What is the matter in one area, and the way on to its meters. */
export function AreaPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const pick = usePick()
  const service = useService()
  const area = useQuery(areaQuery(id, { service }))
  return (
    <Panel title={pick(area.data?.name)} onClose={onClose}>
      <StateView query={area} height={320}>{(data) => <AreaBody area={data} />}</StateView>
    </Panel>
  )
}

function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <aside className="card panel" aria-label={title} tabIndex={0}>
      <div className="between"><h2>{title}</h2><button type="button" className="panel-close" aria-label={t('state.close')} onClick={onClose}>×</button></div>
      {children}
    </aside>
  )
}

function AreaBody({ area }: { area: Area }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <p className="muted">{t(`map.layer.${area.layer}`)}{area.parent && ` · ${pick(area.parent.name)}`}</p>
      <dl className="facts">
        <div><dt>{t('map.load')}</dt><dd><NumberWithUnit figure={area.load} /></dd></div>
        <div><dt>{t('map.energy_today')}</dt><dd><NumberWithUnit figure={area.energy_today} /></dd></div>
        <div><dt>{t('map.collection_rate')}</dt><dd><NumberWithUnit figure={area.collection_rate} /></dd></div>
        <LossFacts loss={area.loss} />
      </dl>
      {area.profile && <Sparkline series={area.profile} service="electricity" />}
      <div className="stack">
        {area.meters.map(({ service, total, silent }) => <div key={service} className="between"><MediumTag service={service} size={16} /><span>{t('map.meters_silent', { total, silent })}</span></div>)}
      </div>
      <Link to="/operator/meters" search={{ area: area.id }}>{t('map.to_meters')}</Link>
      <h3>{t('map.open_alarms')}</h3>
      <AlarmList alarms={area.alarms} />
      <h3>{t('map.terminals')}</h3>
      <ul className="stack">
        {area.terminals.map((terminal) => (
          <li key={terminal.id} className="between">
            <Link to="/operator/meters" search={{ terminal: terminal.id }}>{pick(terminal.name)}</Link>
            <TerminalStateTag state={terminal.state} />
          </li>
        ))}
      </ul>
    </>
  )
}

function AlarmList({ alarms }: { alarms: Alarm[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  if (alarms.length === 0) return <p className="muted">{t('map.no_alarms')}</p>
  return (
    <ul className="alarm-list">
      {alarms.map((alarm) => (
        <li key={alarm.id}>
          <span className="row"><StateTag tone={alarm.severity === 'critical' ? 'bad' : alarm.severity === 'warning' ? 'late' : 'busy'}>{t(`severity.${alarm.severity}`)}</StateTag>{pick(alarm.name)}</span>
          <span className="row muted"><AgeBadge at={alarm.at} />{alarm.meter && <Link to="/operator/meters/$meter" params={{ meter: alarm.meter }}>{t('map.to_meter')}</Link>}</span>
        </li>
      ))}
    </ul>
  )
}

/** A concentrator picked on the map: what the map knows, and its meters. */
export function TerminalPanel({ properties, onClose }: { properties: MapProperties; onClose: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <Panel title={pick(properties.name)} onClose={onClose}>
      <p><StateTag tone={STATE_TONES[properties.state]}>{t(`map.state.${properties.state}`)}</StateTag></p>
      <dl className="facts">
        <div><dt>{t('map.collection_rate')}</dt><dd>{properties.collection_rate === null ? MISSING : `${numberText(properties.collection_rate, '%')}%`}</dd></div>
        <div><dt>{t('map.open_alarms')}</dt><dd>{properties.alarms}</dd></div>
      </dl>
      <Link to="/operator/meters" search={{ terminal: properties.id }}>{t('map.to_meters')}</Link>
      <Link to="/operator/collection" search={{ terminal: properties.id }}>{t('map.to_collection')}</Link>
      <WorkOrdersOfDevice device={properties.id} />
    </Panel>
  )
}
