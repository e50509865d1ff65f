import type { GeoJSONSource, Map as MapView } from 'maplibre-gl'
import { useEffect, useRef, useState } from 'react'
import type { CityMap, MapLayer } from '../api/types'
import { busyBounds, DRAWN, layersOf, PICKABLE, shadeOf, type Shade } from './mapStyle'
import { openMap } from './mapView'
import { usePreferences } from './preferences'

interface Props { data: CityMap; hidden: Set<MapLayer>; shade: Shade; selected: string | undefined; label: string; onSelect: (id: string) => void }

export default function MapCanvas({ data, hidden, shade, selected, label, onSelect }: Props) {
  const { language } = usePreferences()
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<MapView>(null)
  const [loaded, setLoaded] = useState(false)
  const [failed, setFailed] = useState<string | null>(null)
  const selecting = useRef(onSelect)
  selecting.current = onSelect
  const [[west, south, east, north]] = useState(() => busyBounds(data))

  useEffect(() => {
    const { map, close } = openMap(box.current!, { bounds: [west, south, east, north], padding: 24 }, setFailed)
    view.current = map
    map.on('load', () => setLoaded(true))
    map.on('click', (event) => {
      const found = PICKABLE.map((layer) => map.queryRenderedFeatures(event.point, { layers: [layer] })[0]).find(Boolean)
      if (found) selecting.current(String(found.properties.id))
    })
    return close
  }, [west, south, east, north])

  useEffect(() => {
    const map = view.current
    if (!map || !loaded) return
    const source = map.getSource<GeoJSONSource>('city')
    if (source) source.setData(data.features)
    else map.addSource('city', { type: 'geojson', data: data.features })
  }, [data, loaded])

  useEffect(() => {
    const map = view.current
    if (!map || !loaded) return
    for (const layer of layersOf(language)) {
      if (map.getLayer(layer.id)) map.removeLayer(layer.id)
      map.addLayer(layer)
    }
  }, [language, loaded])

  useEffect(() => {
    const map = view.current
    if (!map || !loaded) return
    const greatest = Math.max(0, ...data.features.features.filter(({ properties }) => properties.layer === 'community').map(({ properties }) => properties.value ?? 0))
    map.setPaintProperty('district', 'fill-color', shadeOf(shade, greatest * 8))
    map.setPaintProperty('community', 'fill-color', shadeOf(shade, greatest))
    for (const [layer, drawn] of Object.entries(DRAWN))
      for (const id of drawn) map.setLayoutProperty(id, 'visibility', hidden.has(layer as MapLayer) ? 'none' : 'visible')
    map.setLayoutProperty('loss-mark', 'visibility', shade === 'loss_rate' && !hidden.has('community') ? 'visible' : 'none')
    map.setFilter('selected', ['all', ['==', ['get', 'id'], selected ?? ''], ['!=', ['geometry-type'], 'Point']])
    map.setFilter('selected-point', ['all', ['==', ['get', 'id'], selected ?? ''], ['==', ['geometry-type'], 'Point'], ['!=', ['get', 'layer'], 'label']])
  }, [data, hidden, shade, selected, language, loaded])

  return (
    <>
      <div ref={box} className="map-box" role="application" aria-label={label} />
      {failed && <p role="alert" className="refusal">{failed}</p>}
    </>
  )
}
