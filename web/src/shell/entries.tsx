import {
  AlertOutlined, ApartmentOutlined, AuditOutlined, BulbOutlined, CloudDownloadOutlined, ControlOutlined, DashboardOutlined, EnvironmentOutlined, FileSearchOutlined, FileTextOutlined, HeartOutlined, HistoryOutlined, HomeOutlined, IdcardOutlined, InboxOutlined, KeyOutlined, LineChartOutlined, NotificationOutlined, SafetyOutlined,
  TableOutlined, TeamOutlined, ToolOutlined, WalletOutlined, WifiOutlined,
} from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ADMISSION } from '../api/gateways'
import { isHosted, isHostedWith } from '../api/places'
import { noticesWaitingQuery, PLACES } from '../api/queries'
import type { Session } from '../api/types'

/**
 * One page in the navigation.
 * `tab`: a shorter name, where its own is too long for a tab of a phone.
 * `section`: the beginning of every address of this part of the site; `seldom`: on a phone it waits under "More" before others do.
 */
export interface Entry { href: string; section?: string; text: string; tab?: string; icon: ReactNode; unread?: number; seldom?: boolean }

/** The pages a role may reach; the server decides, this only shows. */
export function useEntries(session: Session, account: string | undefined): Entry[] {
  const { t } = useTranslation()
  const may = (right: string) => session.rights.includes(right)
  const { data: news } = useQuery({ ...noticesWaitingQuery(account ?? ''), enabled: may('home.read') && !!account })
  const entries: Entry[] = []
  if (may('home.read') && account) {
    entries.push(
      { href: `/today/${account}`, text: t('nav.today'), icon: <HomeOutlined /> },
      { href: `/bills/${account}/latest`, section: '/bills/', text: t('nav.bills'), icon: <FileTextOutlined /> },
      { href: `/usage/${account}`, text: t('nav.usage'), icon: <LineChartOutlined /> },
      ...(may('home.control') && isHosted(PLACES) ? [{ href: `/places/${account}`, text: t('nav.places'), icon: <BulbOutlined />, seldom: true }] : []),
      { href: `/pay/${account}`, section: '/pay/', text: t('nav.pay'), icon: <WalletOutlined /> },
      { href: `/notices/${account}`, section: '/notices/', text: t('nav.notices'), icon: <NotificationOutlined />, unread: news?.unread, seldom: true },
      { href: `/my-data/${account}`, section: '/my-data/', text: t('nav.my_data'), icon: <SafetyOutlined />, seldom: true },
    )
  }
  if (may('meters.read')) {
    entries.push(
      { href: '/operator/map', text: t('nav.map'), icon: <EnvironmentOutlined /> },
      { href: '/operator/collection', text: t('nav.collection'), icon: <TableOutlined /> },
      { href: '/operator/meters', text: t('nav.meters'), icon: <DashboardOutlined /> },
      { href: '/operator/alarms', text: t('nav.alarms'), icon: <AlertOutlined /> },
      { href: '/operator/work-orders', text: t('nav.work_orders'), icon: <ToolOutlined /> },
    )
  }
  if (may('commands.read')) entries.push({ href: '/operator/commands', text: t('nav.commands'), icon: <ControlOutlined /> })
  if (may('bills.read') && session.system) entries.push({ href: `/company/${session.system}/bills`, text: t('nav.company_bills'), icon: <FileTextOutlined /> })
  if (may('customers.read') && session.system) {
    entries.push(
      { href: `/company/${session.system}/customers`, text: t('nav.customers'), icon: <IdcardOutlined /> },
      { href: `/company/${session.system}/data-requests`, text: t('nav.data_requests'), icon: <CloudDownloadOutlined /> },
    )
  }
  if (may('watch.read') && session.system) entries.push({ href: `/watch/${session.system}`, text: t('nav.watch'), icon: <AlertOutlined /> })
  if (may('inquiries.read') && session.system) entries.push({ href: `/inquiries/${session.system}`, text: t('nav.inquiries'), icon: <FileSearchOutlined /> })
  if (may('disclosures.read') && session.system) {
    entries.push(
      { href: `/disclosures/${session.system}`, text: t('nav.disclosures'), icon: <SafetyOutlined />, seldom: true },
      { href: `/provisions/${session.system}`, text: t('nav.provisions'), icon: <HistoryOutlined />, seldom: true },
    )
  }
  if (may('notices.read') && session.system && isHostedWith('office', session.system)) entries.push({ href: `/announcements/${session.system}`, text: t('nav.notices'), tab: t('nav.notices_tab'), icon: <NotificationOutlined /> })
  if (may('payments.refund') && session.system) entries.push({ href: `/refunds/${session.system}`, text: t('nav.refunds'), icon: <WalletOutlined /> })
  if (may('topology.read')) entries.push({ href: '/topology', text: t('nav.topology'), icon: <ApartmentOutlined /> })
  if (may('users.read')) entries.push({ href: '/admin/users', text: t('nav.users'), icon: <TeamOutlined /> })
  if (may('users.read')) entries.push({ href: '/admin/permissions', text: t('nav.permissions'), icon: <KeyOutlined /> })
  if (may('audit.read')) entries.push({ href: '/admin/audit', text: t('nav.audit'), icon: <AuditOutlined /> })
  if (may('letters.replay')) entries.push({ href: '/admin/parked', text: t('nav.parked'), icon: <InboxOutlined /> })
  if (may('gateways.manage') && isHosted(ADMISSION)) entries.push({ href: '/admin/gateways', text: t('nav.gateways'), icon: <WifiOutlined /> })
  if (may('site.admin')) entries.push({ href: '/admin/health', text: t('nav.health'), icon: <HeartOutlined /> })
  return entries
}
