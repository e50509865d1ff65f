import { Map as MapView, NavigationControl, setWorkerUrl } from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { EMPTY_STYLE } from './mapStyle'

setWorkerUrl(workerUrl)

export type Bounds = [west: number, south: number, east: number, north: number]
interface Fit { bounds: Bounds; padding: number; maxZoom?: number }

/** A map of ours: what it was fitted to stays fitted however its box changes, until somebody moves it. */
export interface FittedMap { map: MapView; fit: (to: Fit) => void; close: () => void }

export function openMap(box: HTMLElement, first: Fit, onError: (message: string) => void): FittedMap {
  let fitted = first
  let is_moved = false
  const map = new MapView({
    container: box, style: EMPTY_STYLE, bounds: first.bounds, fitBoundsOptions: { padding: first.padding }, attributionControl: false, trackResize: false,
    canvasContextAttributes: { preserveDrawingBuffer: true }, dragRotate: false, pitchWithRotate: false, fadeDuration: 0,
  })
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  map.on('error', ({ error }) => onError(error.message))
  map.on('idle', () => box.setAttribute('data-ready', 'true'))
  map.on('movestart', ({ originalEvent }) => { if (originalEvent) is_moved = true })
  const put = () => { map.fitBounds(fitted.bounds, { padding: fitted.padding, maxZoom: fitted.maxZoom ?? 22, duration: 0 }) }
  // The map's own watch leaves the first change out, and that one may be the page finding its width.
  const watch = new ResizeObserver(() => {
    const canvas = map.getCanvas()
    if (box.clientWidth === 0 || (canvas.clientWidth === box.clientWidth && canvas.clientHeight === box.clientHeight)) return
    map.resize()
    if (!is_moved) put()
  })
  watch.observe(box)
  const fit = (to: Fit) => {
    fitted = to
    is_moved = false
    put()
  }
  const close = () => {
    watch.disconnect()
    map.remove()
  }
  return { map, fit, close }
}
