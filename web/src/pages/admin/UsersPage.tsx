import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change } from '../../api/client'
import { sessionQuery, siteQuery, usersQuery } from '../../api/queries'
import type { User } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Failure } from '../../design/StateView'

/** Who may sign in, as what, and who is locked out. */
export function UsersPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const pick = usePick()
  const { data: session } = useQuery(sessionQuery)
  const { data: site } = useQuery(siteQuery)
  const systemName = (id: string | null) => {
    const system = site?.systems.find((one) => one.id === id)
    return system ? pick(system.name) : (id ?? MISSING)
  }
  const [error, setError] = useState<unknown>(null)
  const unlock = async (user: User) => {
    setError(null)
    try {
      await change<User>('POST', `/api/users/${encodeURIComponent(user.login)}/unlock`)
      await client.invalidateQueries({ queryKey: ['users'] })
    } catch (failed) {
      setError(failed)
    }
  }
  const locked = (user: User) => (
    <span className="row">
      <StateTag tone="bad">{t('users.locked_until', { time: instantText(user.locked_until!) })}</StateTag>
      {session?.rights.includes('users.manage') && <Button size="small" onClick={() => void unlock(user)}>{t('users.unlock')}</Button>}
    </span>
  )
  const columns: Column<User>[] = [
    { key: 'login', title: t('login.name'), sortable: true, cell: (user) => user.login },
    { key: 'name', title: t('users.name'), cell: (user) => user.name },
    { key: 'roles', title: t('users.roles'), cell: (user) => user.roles.map((role) => t(`role.${role}`)).join(' · ') },
    { key: 'system', title: t('users.system'), cell: (user) => systemName(user.system) },
    { key: 'last_sign_in_at', title: t('users.last_sign_in'), sortable: true, cell: (user) => (user.last_sign_in_at ? instantText(user.last_sign_in_at) : MISSING) },
    { key: 'locked', title: t('users.state'), cell: (user) => (user.locked_until ? locked(user) : <StateTag tone="good">{t('users.open')}</StateTag>) },
  ]
  return (
    <PageFrame title={t('nav.users')}>
      {error !== null && <Failure error={error} />}
      <Card><DataTable label={t('nav.users')} columns={columns} query={usersQuery} rowKey={(user) => user.login} empty={t('users.none')} exportPath="/api/users" search={t('users.search')} /></Card>
    </PageFrame>
  )
}
