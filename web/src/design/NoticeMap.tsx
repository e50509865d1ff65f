import { lazy, Suspense } from 'react'
import type { AreaMap, Medium, NoticeArea } from '../api/types'
import './notice.css'
import { Skeleton } from './StateView'

const NoticeCanvas = lazy(() => import('./NoticeCanvas'))

export type Spot = [number, number]
/** One area to draw: of which medium, and whether it is the one looked at. */
export interface DrawnArea { id: string; service: Medium; area: NoticeArea; chosen?: boolean }

export interface NoticeMapProps {
  map: AreaMap
  areas: DrawnArea[]
  label: string
  /** Corners of what is being drawn, ring by ring. */
  corners?: Spot[][]
  /** A click on the map, while something is being drawn. */
  onSpot?: (spot: Spot) => void
}

/** Announced areas on the city's districts and communities, with the home where there is one. What it shows stands beside it in words. */
export function NoticeMap(props: NoticeMapProps) {
  return <Suspense fallback={<Skeleton height={320} />}><NoticeCanvas {...props} /></Suspense>
}
