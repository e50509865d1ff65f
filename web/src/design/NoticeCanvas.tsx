import type { GeoJSONSource, LayerSpecification, Map as MapView } from 'maplibre-gl'
import { useEffect, useRef, useState } from 'react'
import { isService } from '../api/types'
import { COLOURS, PUBLISHERS } from './format'
import { openMap, type Bounds, type FittedMap } from './mapView'
import type { DrawnArea, NoticeMapProps, Spot } from './NoticeMap'
import { usePreferences } from './preferences'

const FONT = ['Noto Sans CJK SC', 'sans-serif']
const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }

function layersOf(language: 'zh' | 'en'): LayerSpecification[] {
  const base = { source: 'base' }
  return [
    { ...base, id: 'city', type: 'fill', filter: ['==', ['get', 'kind'], 'city'], paint: { 'fill-color': '#e3eae8' } },
    { ...base, id: 'district', type: 'line', filter: ['==', ['get', 'kind'], 'district'], paint: { 'line-color': '#ffffff', 'line-width': 2.5 } },
    { ...base, id: 'community', type: 'fill', filter: ['all', ['==', ['get', 'kind'], 'community'], ['!=', ['geometry-type'], 'Point']], paint: { 'fill-color': '#c3d2cf', 'fill-outline-color': '#8fa39f' } },
    { source: 'areas', id: 'area', type: 'fill', paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': ['case', ['get', 'chosen'], 0.45, 0.2] } },
    { source: 'areas', id: 'area-edge', type: 'line', paint: { 'line-color': ['get', 'colour'], 'line-width': ['case', ['get', 'chosen'], 3, 1.5] } },
    { source: 'corners', id: 'ring', type: 'line', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': '#14545c', 'line-width': 2, 'line-dasharray': [2, 1.5] } },
    { source: 'corners', id: 'corner', type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': '#14545c', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 } },
    {
      ...base, id: 'name', type: 'symbol', filter: ['all', ['==', ['geometry-type'], 'Point'], ['!=', ['get', 'kind'], 'home']],
      layout: { 'text-field': ['get', language, ['get', 'name']], 'text-font': FONT, 'text-size': 12, 'text-padding': 4, 'text-anchor': 'top', 'text-offset': [0, 0.9] },
      paint: { 'text-color': '#1b2a33', 'text-halo-color': 'rgba(255,255,255,0.9)', 'text-halo-width': 1.5 },
    },
    { ...base, id: 'home', type: 'circle', filter: ['==', ['get', 'kind'], 'home'], paint: { 'circle-radius': 8, 'circle-color': '#14545c', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 3 } },
  ]
}

export default function NoticeCanvas({ map: data, areas, label, corners = [], onSpot }: NoticeMapProps) {
  const { language } = usePreferences()
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<MapView>(null)
  const fitting = useRef<FittedMap>(null)
  const [loaded, setLoaded] = useState(false)
  const [failed, setFailed] = useState<string | null>(null)
  const spotting = useRef(onSpot)
  spotting.current = onSpot
  const drawing = onSpot !== undefined
  const [[west, south, east, north]] = useState(() => data.bounds)

  useEffect(() => {
    const opened = openMap(box.current!, { bounds: [west, south, east, north], padding: 16 }, setFailed)
    const { map, close } = opened
    fitting.current = opened
    view.current = map
    map.on('load', () => {
      for (const id of ['base', 'areas', 'corners']) map.addSource(id, { type: 'geojson', data: NOTHING })
      setLoaded(true)
    })
    map.on('click', ({ lngLat }) => spotting.current?.([round(lngLat.lng), round(lngLat.lat)]))
    return close
  }, [west, south, east, north])

  useEffect(() => {
    if (!loaded) return
    for (const layer of layersOf(language)) {
      if (view.current!.getLayer(layer.id)) view.current!.removeLayer(layer.id)
      view.current!.addLayer(layer)
    }
  }, [language, loaded])

  const drawn = JSON.stringify([areas, corners])
  useEffect(() => {
    if (!loaded) return
    const put = (id: string, features: GeoJSON.FeatureCollection) => view.current!.getSource<GeoJSONSource>(id)?.setData(features)
    put('base', data.features)
    put('areas', { type: 'FeatureCollection', features: areas.flatMap((one) => shapesOf(one, data.features.features)) })
    put('corners', { type: 'FeatureCollection', features: corners.flatMap(ringOf) })
    const near = areas.filter(({ area }) => area.kind !== 'city').flatMap((one) => shapesOf(one, data.features.features))
    // While somebody draws, the map stays where they put it.
    if (near.length > 0 && !spotting.current) fitting.current!.fit({ bounds: boundsOf(near), padding: 48, maxZoom: 17 })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is drawn is compared by what it says
  }, [data, drawn, loaded])

  useEffect(() => {
    const map = view.current
    if (!map || !loaded) return
    map.getCanvas().style.cursor = drawing ? 'crosshair' : ''
    map.doubleClickZoom[drawing ? 'disable' : 'enable']()
  }, [drawing, loaded])

  return (
    <>
      <div ref={box} className="map-box notice-map" role="application" aria-label={label} />
      {failed && <p role="alert" className="refusal">{failed}</p>}
    </>
  )
}

/** The outline itself, or the shapes of the places it names. */
function shapesOf({ area, service, chosen = false }: DrawnArea, places: NoticeMapProps['map']['features']['features']): GeoJSON.Feature[] {
  const properties = { colour: isService(service) ? COLOURS[service] : PUBLISHERS[service], chosen }
  if (area.outline) return [{ type: 'Feature', geometry: area.outline, properties }]
  const named = new Set(area.places.map(({ id }) => id))
  return places
    .filter((place) => place.geometry.type !== 'Point' && (area.kind === 'city' ? place.properties.kind === 'city' : named.has(place.properties.id)))
    .map(({ geometry }) => ({ type: 'Feature', geometry, properties }))
}

/** West, south, east, north of some polygons. */
function boundsOf(shapes: GeoJSON.Feature[]): Bounds {
  const spots = shapes.flatMap(({ geometry }) => (geometry.type === 'MultiPolygon' ? geometry.coordinates.flat(2) : geometry.type === 'Polygon' ? geometry.coordinates.flat() : []))
  return spots.reduce<Bounds>(([west, south, east, north], [lon = 0, lat = 0]) => [Math.min(west, lon), Math.min(south, lat), Math.max(east, lon), Math.max(north, lat)], [180, 90, -180, -90])
}

function ringOf(ring: Spot[]): GeoJSON.Feature[] {
  const closed = ring.length > 2 ? [...ring, ring[0]!] : ring
  const spots = ring.map((spot): GeoJSON.Feature => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: spot } }))
  return closed.length > 1 ? [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: closed } }, ...spots] : spots
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6
