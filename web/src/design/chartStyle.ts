import type { Service } from '../api/types'
import { COLOURS } from './format'

export const INK = '#1b2a33'
export const MUTED = '#55656f'
const LINE = '#e3e8eb'
export const FONT = '"PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "Segoe UI", system-ui, sans-serif'

/** Estimated values are hatched wherever they are drawn. */
export const HATCH = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 4, color: 'rgba(255,255,255,0.75)' }

export const BASE = {
  animationDuration: 250,
  textStyle: { fontFamily: FONT, color: INK },
  aria: { enabled: false },
  grid: { left: 8, right: 12, top: 52, bottom: 8, containLabel: true },
  tooltip: { trigger: 'axis', confine: true, borderColor: LINE, textStyle: { color: INK, fontFamily: FONT, fontSize: 13 } },
  legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: INK, fontFamily: FONT } },
}

export const categoryAxis = (data: string[], extra: object = {}) => ({
  type: 'category', data, axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } }, axisLabel: { color: MUTED, hideOverlap: true }, ...extra,
})

export const valueAxis = (name: string, extra: object = {}) => ({
  type: 'value', name, nameTextStyle: { color: MUTED, align: 'left' }, splitLine: { lineStyle: { color: LINE } }, axisLabel: { color: MUTED }, ...extra,
})

export const BAND_COLOURS = {
  sharp: 'rgba(179, 38, 30, 0.13)', peak: 'rgba(217, 142, 4, 0.12)', flat: 'rgba(20, 84, 92, 0.04)', valley: 'rgba(43, 131, 186, 0.10)', deep_valley: 'rgba(43, 80, 186, 0.16)',
}

/** From pale to the full colour of the medium. */
export const ramp = (service: Service): string[] => ['#f2f4f5', `${COLOURS[service]}66`, COLOURS[service]]
