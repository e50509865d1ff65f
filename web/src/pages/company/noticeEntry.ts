import { isService, type AreaMap, type Medium, type NoticeArea, type NoticeGiven, type NoticeKind, type NoticeWords } from '../../api/types'
import { isDay } from '../../design/DayField'
import { shanghai } from '../../design/format'
import type { Spot } from '../../design/NoticeMap'

/** Where something is about, as a form has it. */
export interface AreaEntry {
  service: Medium
  area: NoticeArea['kind']
  places: string[]
  /** Polygons of rings of corners, not closed; a new corner goes to the edge of the last polygon. */
  polygons: Spot[][][]
}

/** What stands in the composer; times as the form writes them, in Shanghai time. */
export interface Entry extends AreaEntry {
  kind: NoticeKind
  title_zh: string
  title_en: string
  text_zh: string
  text_en: string
  starts: string
  ends: string
}

const FORM_TIME = 'YYYY-MM-DDTHH:mm'
export const instantOf = (time: string): string => `${time}:00+08:00`

/** What a new one begins with: the first way to give an area, and the one place there is to name where there is one only. */
export function emptyEntry(service: Medium, now: number, map?: AreaMap): Entry {
  const area = map?.areas[0] ?? 'city'
  const known = new Set(map?.features.features.map(({ properties }) => properties).filter(({ kind }) => map.choosable.some((each) => each === kind)).map(({ id }) => id))
  const places = area === 'places' && known.size === 1 ? [...known] : []
  const next_day = shanghai(now).add(1, 'day').startOf('day')
  return {
    service, kind: isService(service) ? 'outage' : 'general', title_zh: '', title_en: '', text_zh: '', text_en: '', starts: next_day.add(9, 'hour').format(FORM_TIME), ends: next_day.add(17, 'hour').format(FORM_TIME), area, places, polygons: [],
  }
}

export function entryOf(words: NoticeWords): Entry {
  const { service, kind, title, text, area } = words
  const open = (ring: GeoJSON.Position[]) => ring.slice(0, -1).map(([lon, lat]): Spot => [lon!, lat!])
  return {
    service, kind, title_zh: title.zh, title_en: title.en, text_zh: text.zh, text_en: text.en, starts: shanghai(words.starts_at).format(FORM_TIME),
    ends: words.ends_at ? shanghai(words.ends_at).format(FORM_TIME) : '', area: area.kind, places: area.places.map(({ id }) => id), polygons: area.outline?.coordinates.map((rings) => rings.map(open)) ?? [],
  }
}

export function givenOf({ starts, ends, area, places, polygons, ...words }: Entry): NoticeGiven {
  return { ...words, starts_at: instantOf(starts), ends_at: ends ? instantOf(ends) : null, area: areaGiven({ ...words, area, places, polygons }) }
}

/** The area as the server takes it. */
export function areaGiven({ area, places, polygons }: AreaEntry): NoticeGiven['area'] {
  return { kind: area, places: area === 'places' ? places : [], outline: area === 'outline' ? outlineOf(polygons) : null }
}

export function hasArea({ area, places, polygons }: AreaEntry): boolean {
  return area === 'city' || (area === 'places' ? places.length > 0 : polygons.some((rings) => (rings[0]?.length ?? 0) > 2))
}

export function areaOf({ area, places, polygons }: AreaEntry, map: AreaMap | undefined): NoticeArea {
  const names = new Map(map?.features.features.map(({ properties }) => [properties.id, properties.name]))
  const named = area === 'places' ? places.map((id) => ({ id, name: names.get(id) ?? { zh: id, en: id } })) : []
  const drawn = polygons.filter((rings) => (rings[0]?.length ?? 0) > 2)
  return { kind: area, places: named, outline: area === 'outline' && drawn.length > 0 ? outlineOf(drawn) : null }
}

/** What has to be filled in before it can be sent; the server says the rest, and why. */
export function missingIn(entry: Entry): ('starts' | 'ends' | 'where' | 'title_zh' | 'title_en' | 'text_zh' | 'text_en')[] {
  const texts = (['title_zh', 'title_en', 'text_zh', 'text_en'] as const).filter((name) => entry[name].trim() === '')
  return [...(isDay(entry.starts) ? [] : ['starts' as const]), ...(entry.ends === '' || isDay(entry.ends) ? [] : ['ends' as const]), ...texts, ...(hasArea(entry) ? [] : ['where' as const])]
}

export function withCorner(polygons: Spot[][][], spot: Spot): Spot[][][] {
  const [edge = [], ...holes] = polygons.at(-1) ?? []
  return [...polygons.slice(0, -1), [[...edge, spot], ...holes]]
}

export function withoutCorner(polygons: Spot[][][]): Spot[][][] {
  const [edge = [], ...holes] = polygons.at(-1) ?? []
  const rest = polygons.slice(0, -1)
  return edge.length > 1 ? [...rest, [edge.slice(0, -1), ...holes]] : rest
}

function outlineOf(polygons: Spot[][][]): GeoJSON.MultiPolygon {
  const closed = (ring: Spot[]) => (ring.length > 0 ? [...ring, ring[0]!] : ring)
  return { type: 'MultiPolygon', coordinates: polygons.filter((rings) => (rings[0]?.length ?? 0) > 0).map((rings) => rings.map(closed)) }
}
