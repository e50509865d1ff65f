import type { Site } from './types'

let hosted_by: Site['hosted_by'] = {}

/** Learns from the site which systems host what in the running plan; nothing here knows a plan. */
export function learnPlaces(site: Site): void {
  hosted_by = site.hosted_by
}

/** Whether the site has told. */
export function placesKnown(): boolean {
  return Object.keys(hosted_by).length > 0
}

/** Whether the running plan hosts a capability anywhere. */
export function isHosted(place: string): boolean {
  return (hosted_by[place]?.length ?? 0) > 0
}

/** The system that hosts a capability; what is no capability is a system already. */
export function hostOf(place: string): string {
  return hosted_by[place]?.[0] ?? place
}

/** Whether the system that hosts one capability hosts another too. */
export function isHostedWith(place: string, other: string): boolean {
  return hosted_by[place]?.includes(hostOf(other)) ?? false
}

/** A path that begins with a capability, as the running plan has it: beginning with the system that hosts it. */
export function located(path: string): string {
  const [, place = '', ...rest] = path.split('/')
  return ['', hostOf(place), ...rest].join('/')
}
