import type { Session, Site } from './types'

let hosted_by: Site['hosted_by'] = {}
let here: string[] = []
let hosts_of_homes: Session['hosts'] = {}

/** Learns from the site which systems host what in the running plan; nothing here knows a plan. */
export function learnPlaces(site: Site): void {
  hosted_by = site.hosted_by
  here = site.systems.map(({ id }) => id)
}

/** Learns from the session who is there for which home, where several systems host a capability. */
export function learnHomes(session: Session | null): void {
  hosts_of_homes = session?.hosts ?? {}
}

/** Whether the site has told. */
export function placesKnown(): boolean {
  return Object.keys(hosted_by).length > 0
}

/** Whether the running plan hosts a capability anywhere. */
export function isHosted(place: string): boolean {
  return (hosted_by[place]?.length ?? 0) > 0
}

/** The system that hosts a capability, for a home where several do; what is no capability is a system already. */
export function hostOf(place: string, household?: string): string {
  const hosts = hosted_by[place] ?? []
  const own = household === undefined ? undefined : hosts_of_homes[household]?.[place]
  return own ?? hosts.find((host) => here.includes(host)) ?? hosts[0] ?? place
}

/** The systems that host a capability for homes of the person who is signed in. */
export function hostsOf(place: string): string[] {
  const own = Object.values(hosts_of_homes).flatMap((hosts) => hosts[place] ?? [])
  return own.length > 0 ? own : [hostOf(place)]
}

/** Whether the system that hosts one capability hosts another too. */
export function isHostedWith(place: string, other: string): boolean {
  return hosted_by[place]?.includes(hostOf(other)) ?? false
}

/** A path that begins with a capability, as the running plan has it: beginning with the system that hosts it. */
export function located(path: string): string {
  const [, place = '', ...rest] = path.split('/')
  const household = rest[1] === 'households' ? rest[2] : undefined
  return ['', hostOf(place, household && decodeURIComponent(household)), ...rest].join('/')
}
