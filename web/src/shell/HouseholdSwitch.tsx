import { useQuery } from '@tanstack/react-query'
import { useLocation, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { householdsQuery } from '../api/queries'
import type { Session } from '../api/types'

/** One person may have several homes; the page stays, the home changes. */
export function HouseholdSwitch({ session }: { session: Session }) {
  const { t } = useTranslation()
  const { account } = useParams({ strict: false })
  const { pathname } = useLocation()
  const navigate = useNavigate()
  const { data } = useQuery(householdsQuery)
  if (session.households.length < 2 || !data) return null
  const [, page = 'today'] = pathname.split('/')
  const rest = page === 'bills' ? '/latest' : ''
  return (
    <select className="household" aria-label={t('shell.household')} value={account ?? session.households[0]} onChange={(event) => void navigate({ href: `/${page}/${event.target.value}${rest}` })}>
      {data.rows.map((household) => <option key={household.account} value={household.account}>{household.address}</option>)}
    </select>
  )
}
