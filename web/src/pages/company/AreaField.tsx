import { Button, Radio, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { AreaMap } from '../../api/types'
import { NoticeMap } from '../../design/NoticeMap'
import { usePick } from '../../design/preferences'
import { areaOf, withCorner, withoutCorner, type AreaEntry } from './noticeEntry'

interface Props {
  entry: AreaEntry
  map: AreaMap
  /** What it stands in says already that it is about the area. */
  titled?: boolean
  onChange: (patch: Partial<Omit<AreaEntry, 'service'>>) => void
}

/** Where it is about: the city, places from a list (all of it by keyboard), or drawn corner by corner on the map. */
export function AreaField({ entry, map, titled, onChange }: Props) {
  const { t } = useTranslation()
  const pick = usePick()
  const drawing = entry.area === 'outline'
  const corners = entry.polygons.flat().reduce((total, ring) => total + ring.length, 0)
  return (
    <fieldset className="stack">
      <legend className={titled ? 'sr-only' : undefined}>{t('notice.where')}</legend>
      <Radio.Group value={entry.area} onChange={({ target }) => onChange({ area: target.value as AreaEntry['area'] })} options={map.areas.map((value) => ({ value, label: t(`notice.area.${value}`) }))} />
      {entry.area === 'places' && (
        <Select
          mode="multiple" aria-label={t('notice.choose_places')} placeholder={t('notice.choose_places')} value={entry.places} onChange={(places: string[]) => onChange({ places })} optionFilterProp="label"
          options={optionsOf(map, pick, (kind) => t(`map.layer.${kind}`))}
        />
      )}
      {drawing && (
        <>
          <p className="muted">{t('notice.draw_help')}</p>
          <div className="row">
            <Button size="small" disabled={corners === 0} onClick={() => onChange({ polygons: withoutCorner(entry.polygons) })}>{t('notice.undo_corner')}</Button>
            <Button size="small" disabled={(entry.polygons.at(-1)?.[0]?.length ?? 0) < 3} onClick={() => onChange({ polygons: [...entry.polygons, [[]]] })}>{t('notice.next_shape')}</Button>
            <Button size="small" disabled={corners === 0} onClick={() => onChange({ polygons: [] })}>{t('notice.clear_shapes')}</Button>
            <output className="muted">{t('notice.corners', { count: corners })}</output>
          </div>
        </>
      )}
      <NoticeMap
        map={map} areas={[{ id: 'entry', service: entry.service, area: areaOf(entry, map), chosen: true }]} corners={drawing ? entry.polygons.flat() : []} label={t('notice.map_label')}
        onSpot={drawing ? (spot) => onChange({ polygons: withCorner(entry.polygons, spot) }) : undefined}
      />
    </fieldset>
  )
}

/** Places that may be named, kind by kind. */
function optionsOf(map: AreaMap, pick: ReturnType<typeof usePick>, kindName: (kind: AreaMap['choosable'][number]) => string) {
  const places = new Map(map.features.features.map(({ properties }) => [properties.id, properties]))
  const of = (kind: AreaMap['choosable'][number]) => [...places.values()].filter((place) => place.kind === kind).map(({ id, name }) => ({ value: id, label: pick(name) }))
  return map.choosable.map((kind) => ({ label: kindName(kind), options: of(kind) }))
}
