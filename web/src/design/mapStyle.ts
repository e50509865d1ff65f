import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityMap, MapLayer } from '../api/types'
import { COLOURS } from './format'

/** What colours the areas. */
export type Shade = 'state' | 'collection_rate' | 'loss_rate' | 'value'

export const EMPTY_STYLE: StyleSpecification = { version: 8, sources: {}, layers: [{ id: 'ground', type: 'background', paint: { 'background-color': '#eef2f3' } }] }

const STATE_COLOUR: ExpressionSpecification = ['match', ['get', 'state'], 'good', '#2f7d5b', 'late', '#b57400', 'bad', '#b3261e', '#7c8a92']
const RATE_COLOUR: ExpressionSpecification = ['case', ['==', ['get', 'collection_rate'], null], '#d5dce0',
  ['interpolate', ['linear'], ['get', 'collection_rate'], 80, '#c9564e', 95, '#eccb8a', 99, '#a9d3c1', 100, '#3f9170']]
const LOSS_COLOUR: ExpressionSpecification = ['match', ['get', 'loss_state'], 'good', '#2f7d5b', 'late', '#b57400', 'bad', '#b3261e', 'negative', '#b3261e', '#d5dce0']
const LOSS_TEXT: ExpressionSpecification = ['concat', ['number-format', ['get', 'loss_rate'], { 'min-fraction-digits': 1, 'max-fraction-digits': 1 }], '% ',
  ['match', ['get', 'loss_state'], 'good', '✓', 'late', '!', '×']]
const SERVICE_COLOUR: ExpressionSpecification = ['match', ['get', 'service'], 'electricity', COLOURS.electricity, 'water', COLOURS.water, 'gas', COLOURS.gas, 'heat', COLOURS.heat, '#7c8a92']
const FONT = ['Noto Sans CJK SC', 'sans-serif']
const of = (layer: MapLayer): ExpressionSpecification => ['==', ['get', 'layer'], layer]

/** Areas by state, by collection rate, by loss against its target band, or by how much runs through them (against the greatest shown). */
export function shadeOf(shade: Shade, greatest: number): ExpressionSpecification {
  if (shade === 'state') return STATE_COLOUR
  if (shade === 'collection_rate') return RATE_COLOUR
  if (shade === 'loss_rate') return LOSS_COLOUR
  return ['case', ['==', ['get', 'value'], null], '#d5dce0', ['interpolate', ['linear'], ['get', 'value'], 0, '#f5ecd9', Math.max(greatest, 1e-6), '#b36b00']]
}

export function layersOf(language: 'zh' | 'en'): LayerSpecification[] {
  const source = 'city'
  return [
    { id: 'water_body', source, type: 'fill', filter: of('water_body'), paint: { 'fill-color': '#cfdfe8' } },
    { id: 'district', source, type: 'fill', filter: of('district'), paint: { 'fill-opacity': 0.22, 'fill-outline-color': '#ffffff' } },
    { id: 'district-edge', source, type: 'line', filter: of('district'), paint: { 'line-color': '#ffffff', 'line-width': 2.5 } },
    { id: 'community', source, type: 'fill', filter: of('community'), paint: { 'fill-opacity': 0.5 } },
    { id: 'community-edge', source, type: 'line', filter: of('community'), paint: { 'line-color': '#5b6b75', 'line-width': 0.8 } },
    { id: 'supply_area', source, type: 'line', filter: of('supply_area'), paint: { 'line-color': '#14545c', 'line-width': 1.2, 'line-dasharray': [3, 2] } },
    { id: 'pipe', source, type: 'line', filter: of('pipe'), paint: { 'line-color': SERVICE_COLOUR, 'line-width': 1.6, 'line-opacity': 0.75, 'line-dasharray': [4, 1.5] } },
    { id: 'line', source, type: 'line', filter: of('line'), paint: { 'line-color': SERVICE_COLOUR, 'line-width': 1.8, 'line-opacity': 0.85 } },
    {
      id: 'home', source, type: 'circle', filter: of('home'), minzoom: 10,
      paint: { 'circle-color': STATE_COLOUR, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 1.2, 14, 4, 17, 7], 'circle-opacity': 0.8 },
    },
    {
      id: 'terminal', source, type: 'circle', filter: of('terminal'),
      paint: { 'circle-color': STATE_COLOUR, 'circle-radius': ['match', ['get', 'state'], 'bad', 8, 'late', 6.5, 5], 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 },
    },
    {
      id: 'terminal-mark', source, type: 'symbol', filter: ['all', of('terminal'), ['match', ['get', 'state'], ['bad', 'late'], true, false]],
      layout: { 'text-field': ['match', ['get', 'state'], 'bad', '×', '!'], 'text-font': FONT, 'text-size': 11, 'text-allow-overlap': true },
      paint: { 'text-color': '#ffffff' },
    },
    {
      id: 'label', source, type: 'symbol', filter: of('label'),
      layout: { 'text-field': ['get', language, ['get', 'name']], 'text-font': FONT, 'text-size': 13, 'text-padding': 6, 'text-anchor': 'top', 'text-offset': [0, 0.8] },
      paint: { 'text-color': '#1b2a33', 'text-halo-color': 'rgba(255,255,255,0.9)', 'text-halo-width': 1.6 },
    },
    {
      id: 'loss-mark', source, type: 'symbol', filter: ['all', of('community'), ['!=', ['get', 'loss_rate'], null]],
      layout: { 'text-field': LOSS_TEXT, 'text-font': FONT, 'text-size': 13, 'text-allow-overlap': true, 'text-anchor': 'bottom', 'text-offset': [0, -0.6], visibility: 'none' },
      paint: { 'text-color': '#1b2a33', 'text-halo-color': 'rgba(255,255,255,0.95)', 'text-halo-width': 1.8 },
    },
    { id: 'selected', source, type: 'line', filter: ['==', ['get', 'id'], ''], paint: { 'line-color': '#14545c', 'line-width': 3.5 } },
    {
      id: 'selected-point', source, type: 'circle', filter: ['==', ['get', 'id'], ''],
      paint: { 'circle-radius': 11, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': '#14545c', 'circle-stroke-width': 3 },
    },
  ]
}

/** Layers a click can select, the topmost first. */
export const PICKABLE = ['terminal', 'community', 'supply_area', 'district']
/** Drawn layers belonging to one layer of the data. */
export const DRAWN: Partial<Record<MapLayer, string[]>> = {
  district: ['district', 'district-edge'], community: ['community', 'community-edge'], supply_area: ['supply_area'], line: ['line'], pipe: ['pipe'],
  terminal: ['terminal', 'terminal-mark'], home: ['home'],
}

/** West, south, east, north of the lines, terminals and homes: where the first look should be; the whole city when there are none. */
export function busyBounds({ features, bounds }: CityMap): [number, number, number, number] {
  const busy = features.features.filter(({ properties }) => BUSY.includes(properties.layer)).flatMap(({ geometry }) => spotsOf(geometry))
  if (busy.length === 0) return bounds
  const [lon, lat] = [busy.map(([x]) => x), busy.map(([, y]) => y)]
  return [least(lon), least(lat), -least(lon.map((x) => -x)), -least(lat.map((y) => -y))]
}

const BUSY: MapLayer[] = ['line', 'pipe', 'terminal', 'home']
const least = (numbers: number[]): number => numbers.reduce((one, other) => Math.min(one, other), Infinity)

function spotsOf(geometry: GeoJSON.Geometry): [number, number][] {
  if (geometry.type === 'Point') return [geometry.coordinates as [number, number]]
  return geometry.type === 'LineString' ? (geometry.coordinates as [number, number][]) : []
}
