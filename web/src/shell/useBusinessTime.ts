import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { siteQuery } from '../api/queries'
import { useNow } from '../design/clock'
import { shanghai } from '../design/format'
import { usePick } from '../design/preferences'

/** The plan that runs and the business clock, as one line. */
export function useBusinessTime(): string {
  const { t } = useTranslation()
  const pick = usePick()
  const { data: site } = useQuery(siteQuery)
  const now = useNow(1000)
  if (!site) return ''
  const speed = site.clock_speed === 1 ? '' : ` ×${site.clock_speed}`
  return t('shell.clock', { plan: pick(site.plan.title), time: shanghai(now).format('YYYY-MM-DD HH:mm'), speed })
}
