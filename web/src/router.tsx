import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { placesKnown } from './api/places'
import { sessionQuery, siteQuery } from './api/queries'
import type { Session } from './api/types'
import { Skeleton } from './design/StateView'
import { parseSearch, stringifySearch, type UrlState } from './design/urlState'
import { NotHere, PageFailure } from './shell/NotHere'
import { Shell } from './shell/Shell'

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotHere,
  errorComponent: PageFailure,
  validateSearch: (state: UrlState): UrlState => state,
})

const login = createRoute({ getParentRoute: () => root, path: '/login', component: lazyRouteComponent(() => import('./pages/LoginPage'), 'LoginPage') })

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/login', search: { next: location.href } })
    if (!placesKnown()) await context.client.ensureQueryData(siteQuery)
    if (session.must_change_password && location.pathname !== '/password') throw redirect({ to: '/password' })
  },
})

const start = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: async ({ context }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (session) throw redirect({ href: firstPage(session), replace: true })
  },
})

/** Where a role begins. */
export function firstPage(session: Session): string {
  const [household] = session.households
  if (session.roles.includes('resident') && household) return `/today/${household}`
  if (session.roles.includes('operator')) return '/operator/map'
  if (session.roles.includes('property') && session.system) return `/announcements/${session.system}`
  if (session.roles.includes('company') && session.system) return `/company/${session.system}/bills`
  const may = (right: string) => session.rights.includes(right)
  if (may('payments.refund') && session.system) return `/refunds/${session.system}`
  if (may('inquiries.read') && session.system) return `/inquiries/${session.system}`
  if (may('disclosures.read') && session.system) return `/disclosures/${session.system}`
  return may('topology.read') ? '/topology' : '/admin/users'
}

const of = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) => createRoute({ getParentRoute: () => shell, path, component })

const pages = [
  start,
  of('/password', lazyRouteComponent(() => import('./pages/PasswordPage'), 'PasswordPage')),
  of('/today/$account', lazyRouteComponent(() => import('./pages/resident/TodayPage'), 'TodayPage')),
  of('/bills/$account', lazyRouteComponent(() => import('./pages/resident/BillsPage'), 'BillsPage')),
  of('/bills/$account/$number', lazyRouteComponent(() => import('./pages/resident/BillPage'), 'BillPage')),
  of('/usage/$account', lazyRouteComponent(() => import('./pages/resident/UsagePage'), 'UsagePage')),
  of('/pay/$account', lazyRouteComponent(() => import('./pages/resident/PayPage'), 'PayPage')),
  of('/pay/invoice/$account', lazyRouteComponent(() => import('./pages/resident/InvoicePage'), 'InvoicePage')),
  of('/pay/result/$account/$reference', lazyRouteComponent(() => import('./pages/resident/PaymentPage'), 'PaymentPage')),
  of('/places/$account', lazyRouteComponent(() => import('./pages/resident/PlacesPage'), 'PlacesPage')),
  of('/notices/$account', lazyRouteComponent(() => import('./pages/resident/NoticesPage'), 'NoticesPage')),
  of('/announcements/$system', lazyRouteComponent(() => import('./pages/company/AnnouncementsPage'), 'AnnouncementsPage')),
  of('/announcements/$system/$notice', lazyRouteComponent(() => import('./pages/company/AnnouncementPage'), 'AnnouncementPage')),
  of('/refunds/$system', lazyRouteComponent(() => import('./pages/company/RefundsPage'), 'RefundsPage')),
  of('/operator/map', lazyRouteComponent(() => import('./pages/operator/MapPage'), 'MapPage')),
  of('/operator/collection', lazyRouteComponent(() => import('./pages/operator/CollectionPage'), 'CollectionPage')),
  of('/operator/meters', lazyRouteComponent(() => import('./pages/operator/MetersPage'), 'MetersPage')),
  of('/operator/meters/$meter', lazyRouteComponent(() => import('./pages/operator/MeterPage'), 'MeterPage')),
  of('/operator/alarms', lazyRouteComponent(() => import('./pages/operator/AlarmsPage'), 'AlarmsPage')),
  of('/operator/work-orders', lazyRouteComponent(() => import('./pages/operator/WorkOrdersPage'), 'WorkOrdersPage')),
  of('/operator/commands', lazyRouteComponent(() => import('./pages/operator/CommandsPage'), 'CommandsPage')),
  of('/operator/commands/$command', lazyRouteComponent(() => import('./pages/operator/CommandPage'), 'CommandPage')),
  of('/company/$system/bills', lazyRouteComponent(() => import('./pages/company/CompanyBillsPage'), 'CompanyBillsPage')),
  of('/company/$system/bills/$number', lazyRouteComponent(() => import('./pages/company/CompanyBillPage'), 'CompanyBillPage')),
  of('/watch/$system', lazyRouteComponent(() => import('./pages/government/WatchPage'), 'WatchPage')),
  of('/inquiries/$system', lazyRouteComponent(() => import('./pages/government/InquiriesPage'), 'InquiriesPage')),
  of('/inquiries/$system/$request', lazyRouteComponent(() => import('./pages/government/InquiryPage'), 'InquiryPage')),
  of('/disclosures/$system', lazyRouteComponent(() => import('./pages/steward/DisclosuresPage'), 'DisclosuresPage')),
  of('/disclosures/$system/$asker/$request', lazyRouteComponent(() => import('./pages/steward/DisclosurePage'), 'DisclosurePage')),
  of('/provisions/$system', lazyRouteComponent(() => import('./pages/steward/ProvisionsPage'), 'ProvisionsPage')),
  of('/my-data/$account', lazyRouteComponent(() => import('./pages/resident/MyDataPage'), 'MyDataPage')),
  of('/company/$system/customers', lazyRouteComponent(() => import('./pages/company/CustomersPage'), 'CustomersPage')),
  of('/company/$system/customers/$point', lazyRouteComponent(() => import('./pages/company/CustomerReadingsPage'), 'CustomerReadingsPage')),
  of('/company/$system/data-requests', lazyRouteComponent(() => import('./pages/company/DataRequestsPage'), 'DataRequestsPage')),
  of('/admin/permissions', lazyRouteComponent(() => import('./pages/admin/PermissionsPage'), 'PermissionsPage')),
  of('/admin/audit', lazyRouteComponent(() => import('./pages/admin/AuditPage'), 'AuditPage')),
  of('/admin/parked', lazyRouteComponent(() => import('./pages/admin/ParkedPage'), 'ParkedPage')),
  of('/admin/gateways', lazyRouteComponent(() => import('./pages/admin/GatewaysPage'), 'GatewaysPage')),
  of('/topology', lazyRouteComponent(() => import('./pages/admin/TopologyPage'), 'TopologyPage')),
  of('/admin/users', lazyRouteComponent(() => import('./pages/admin/UsersPage'), 'UsersPage')),
  of('/admin/health', lazyRouteComponent(() => import('./pages/admin/HealthPage'), 'HealthPage')),
] as const

export function createSiteRouter(client: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([login, shell.addChildren(pages)]),
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultPendingComponent: () => <Skeleton height={320} />,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createSiteRouter>
  }
}
