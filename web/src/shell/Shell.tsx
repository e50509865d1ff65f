import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useChanges } from '../api/changes'
import { hostOf, hostsOf, isHosted } from '../api/places'
import { METERING, PLACES, PLATFORM, POOL, sessionQuery } from '../api/queries'
import type { Session } from '../api/types'
import { useBusinessTime } from './useBusinessTime'
import { HouseholdSwitch } from './HouseholdSwitch'
import { Logo } from './Logo'
import { Navigation } from './Navigation'
import { Preferences } from './Preferences'
import { Tabs } from './Tabs'
import { useDelivery } from './useDelivery'
import { UserMenu } from './UserMenu'

/** The frame of every page after sign-in: what one's role may reach, the business clock, language, and live changes. */
export function Shell() {
  const { t } = useTranslation()
  const { data: session } = useQuery(sessionQuery)
  const time = useBusinessTime()
  useChanges(session ? listenedBy(session) : [])
  useDelivery(session)
  if (!session) return <Outlet />
  const resident = session.roles.includes('resident')
  return (
    <div className={`shell ${resident ? 'is-resident' : 'is-staff'}`}>
      <a className="skip" href="#main">{t('shell.skip')}</a>
      <header className="shell-bar">
        <Link to="/" className="shell-brand"><Logo /><span>{t('shell.brand')}</span></Link>
        {resident && <Navigation session={session} className="shell-inline" />}
        <span className="shell-space" />
        {resident ? <HouseholdSwitch session={session} /> : <span className="shell-time">{time}</span>}
        <Preferences large={resident} />
        <UserMenu session={session} />
      </header>
      {!resident && <Navigation session={session} className="shell-side" />}
      <main id="main" className="shell-main" tabIndex={-1}><Outlet /></main>
      <Tabs session={session} />
    </div>
  )
}

function listenedBy(session: Session): string[] {
  const may = (right: string) => session.rights.includes(right)
  const systems = new Set<string>()
  if (may('home.read') || may('notices.read')) systems.add(hostOf(PLATFORM))
  if (may('home.control') && isHosted(PLACES)) hostsOf(PLACES).forEach((host) => systems.add(host))
  if (may('topology.read')) systems.add(hostOf(POOL))
  if (may('meters.read')) systems.add(hostOf(METERING))
  const own = ['bills.read', 'notices.read', 'inquiries.read', 'disclosures.read', 'watch.read']
  if (own.some(may) && session.system) systems.add(session.system)
  return [...systems]
}
