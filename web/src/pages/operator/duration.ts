import type { TFunction } from 'i18next'

/** Minutes as people say them: 45 min, 2 h, 21 h 15 min. */
export function durationText(t: TFunction, total: number): string {
  const [hours, minutes] = [Math.floor(total / 60), total % 60]
  return t(`command.duration.${hours === 0 ? 'minutes' : minutes === 0 ? 'hours' : 'both'}`, { hours, minutes })
}
