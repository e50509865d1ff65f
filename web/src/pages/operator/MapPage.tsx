import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { mapQuery, overviewQuery } from '../../api/queries'
import type { CityMap as CityMapData, MapLayer, Overview } from '../../api/types'
import { CityMap } from '../../design/CityMap'
import type { Shade } from '../../design/mapStyle'
import { numberText } from '../../design/format'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { ServiceSwitch, useService } from '../../design/ServiceSwitch'
import { StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import { AreaPanel, TerminalPanel } from './AreaPanel'
import { HourSlider, useHour } from './HourSlider'
import { LossNote } from './LossFacts'
import './operator.css'
import { ThenNumbers } from './ThenNumbers'

const LAYERS: MapLayer[] = ['district', 'community', 'supply_area', 'line', 'pipe', 'terminal', 'home']
const SHADES: Shade[] = ['state', 'collection_rate', 'loss_rate', 'value']

/** Where in the city is something late, lost or loud. */
export function MapPage() {
  const { t } = useTranslation()
  const service = useService()
  const overview = useQuery(overviewQuery({ service }))
  const at = useHour()
  const map = useQuery(mapQuery({ service, at }))
  return (
    <PageFrame title={t('map.title')} as_of={at ? map.data?.as_of : overview.data?.as_of} help={t('map.help')} actions={<ServiceSwitch />}>
      {at ? <ThenNumbers at={at} /> : <StateView query={overview} height={96}>{(data) => <KeyNumbers overview={data} />}</StateView>}
      <HourSlider />
      <StateView query={map} height={560} empty={(data) => (data.features.features.length === 0 ? t('map.no_map') : null)}>{(data) => <MapWithPanel data={data} />}</StateView>
    </PageFrame>
  )
}

function KeyNumbers({ overview }: { overview: Overview }) {
  const { t } = useTranslation()
  return (
    <div className="key-numbers">
      <KeyNumber name={t('map.load')}><NumberWithUnit figure={overview.load} /></KeyNumber>
      <KeyNumber name={t('map.collection_rate')}><NumberWithUnit figure={overview.collection_rate} /></KeyNumber>
      <KeyNumber name={t(`map.loss_of.${overview.loss.service}`)} note={<LossNote loss={overview.loss} />}><NumberWithUnit figure={overview.loss.rate} age={false} /></KeyNumber>
      <KeyNumber name={t('map.open_alarms')}><Link to="/operator/alarms" search={{ state: 'open' }}>{overview.open_alarms}</Link></KeyNumber>
      <KeyNumber name={t('map.silent_terminals')} note={t('map.of_terminals', { count: overview.terminals })}><Link to="/operator/collection">{overview.silent_terminals}</Link></KeyNumber>
      <KeyNumber name={t('map.waiting_commands')} note={t('map.of_meters', { total: numberText(overview.meters, '1') })}><Link to="/operator/commands">{overview.waiting_commands}</Link></KeyNumber>
    </div>
  )
}

function MapWithPanel({ data }: { data: CityMapData }) {
  const { t } = useTranslation()
  const [state, setState] = useUrlState()
  const hidden = new Set((state.hidden ?? '').split(',') as MapLayer[])
  const shade = SHADES.find((known) => known === state.shade) ?? 'state'
  const feature = data.features.features.find(({ properties }) => properties.id === state.area && properties.layer !== 'label')
  const present = LAYERS.filter((layer) => data.features.features.some(({ properties }) => properties.layer === layer))
  const toggle = (layer: MapLayer) => {
    const next = new Set(hidden)
    if (!next.delete(layer)) next.add(layer)
    setState({ hidden: [...next].filter(Boolean).join(',') || undefined })
  }
  const close = () => setState({ area: undefined })
  return (
    <div className={`with-panel${feature ? '' : ' no-panel'}`}>
      <Card
        title={t('map.picture')}
        extra={
          <>
            <fieldset className="layers">
              <legend className="sr-only">{t('map.layers')}</legend>
              {present.map((layer) => <label key={layer}><input type="checkbox" checked={!hidden.has(layer)} onChange={() => toggle(layer)} />{t(`map.layer.${layer}`)}</label>)}
            </fieldset>
            <Select<Shade> aria-label={t('map.shade')} value={shade} style={{ minWidth: '9rem' }} options={SHADES.map((value) => ({ value, label: t(`map.shade_by.${value}`) }))} onChange={(value) => setState({ shade: value === 'state' ? undefined : value })} />
          </>
        }
      >
        <CityMap data={data} hidden={hidden} shade={shade} selected={state.area} label={t('map.label')} onSelect={(area) => setState({ area }, false)} />
      </Card>
      {feature?.properties.layer === 'terminal' && <TerminalPanel properties={feature.properties} onClose={close} />}
      {feature && feature.properties.layer !== 'terminal' && <AreaPanel id={feature.properties.id} onClose={close} />}
    </div>
  )
}
