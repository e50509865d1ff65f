import { LogoutOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { change } from '../api/client'
import { sessionQuery } from '../api/queries'
import type { Session } from '../api/types'

export function UserMenu({ session }: { session: Session }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const signOut = async () => {
    await change<void>('DELETE', '/api/session')
    client.setQueryData(sessionQuery.queryKey, null)
    await navigate({ to: '/login' })
    client.removeQueries({ predicate: ({ meta, queryKey }) => meta?.system !== undefined || queryKey[0] === 'users' || queryKey[0] === 'health' })
  }
  return (
    <span className="user-menu">
      <Link to="/password" className="user-name" title={t('shell.password')}>{session.name}</Link>
      <button type="button" aria-label={t('shell.sign_out')} title={t('shell.sign_out')} onClick={() => void signOut()}><LogoutOutlined aria-hidden="true" /></button>
    </span>
  )
}
