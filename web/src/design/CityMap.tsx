import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CityMap as CityMapData, MapLayer } from '../api/types'
import { MISSING, numberText, unitText } from './format'
import { LossLegend } from './LossTag'
import type { Shade } from './mapStyle'
import { usePick } from './preferences'
import { Skeleton } from './StateView'
import { StateTag, type Tone } from './StateTag'
import { TwinTable } from './TwinTable'

/** Layers of areas whose loss can be worked out. */
const LOSES: MapLayer[] = ['district', 'community', 'supply_area']
const MapCanvas = lazy(() => import('./MapCanvas'))
export const STATE_TONES: Record<'good' | 'late' | 'bad' | 'unknown', Tone> = { good: 'good', late: 'late', bad: 'bad', unknown: 'quiet' }

interface Props {
  data: CityMapData
  hidden: Set<MapLayer>
  shade: Shade
  selected: string | undefined
  label: string
  onSelect: (id: string) => void
}

/** The city from GeoJSON alone, with its table twin; a click or a row selects an area or a terminal. */
export function CityMap(props: Props) {
  const { t } = useTranslation()
  const [table, setTable] = useState(false)
  return (
    <div className="city-map">
      <div className="chart-switch">
        <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('map.as_map') : t('chart.as_table')}</button>
      </div>
      {table ? <MapTwin {...props} /> : <Suspense fallback={<Skeleton height={520} />}><MapCanvas {...props} /></Suspense>}
      {!table && (
        <div className="map-legend">
          {props.shade === 'loss_rate' ? <LossLegend /> : (['good', 'late', 'bad', 'unknown'] as const).map((state) => <StateTag key={state} tone={STATE_TONES[state]}>{t(`map.state.${state}`)}</StateTag>)}
        </div>
      )}
    </div>
  )
}

function MapTwin({ data, hidden, label }: Props) {
  const { t } = useTranslation()
  const pick = usePick()
  const rows = data.features.features
    .map((feature) => feature.properties)
    .filter(({ layer }) => layer !== 'label' && layer !== 'water_body' && !hidden.has(layer))
    .map((area) => [
      pick(area.name), t(`map.layer.${area.layer}`), area.service ? t(`service.${area.service}`) : MISSING,
      area.value === null ? MISSING : `${numberText(area.value, area.unit ?? '')} ${unitText(area.unit ?? '')}`,
      area.collection_rate === null ? MISSING : `${numberText(area.collection_rate, '%')}%`,
      area.loss_rate === null ? MISSING : `${numberText(area.loss_rate, '%')}%`,
      area.lost === null ? MISSING : `${numberText(area.lost, area.lost_unit ?? '')} ${unitText(area.lost_unit ?? '')}`,
      area.loss_day ?? MISSING, LOSES.includes(area.layer) ? t(`map.loss_state.${area.loss_state}`) : MISSING, area.alarms, t(`map.state.${area.state}`),
    ])
  const columns = [t('map.name'), t('map.layer_name'), t('map.medium'), t('map.value'), t('map.collection_rate'), t('map.loss_rate'), t('map.lost'), t('map.loss_day'), t('map.loss_band'), t('map.alarms'), t('map.state_name')]
  return <TwinTable label={label} twin={{ columns, rows }} />
}
