import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useEffect, useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { change, learned } from '../api/client'
import { sessionQuery, siteQuery } from '../api/queries'
import type { Session } from '../api/types'
import { usePick } from '../design/preferences'
import { Failure } from '../design/StateView'
import { MediumTag } from '../design/MediumTag'
import { useUrlState } from '../design/urlState'
import { firstPage } from '../router'
import { Logo } from '../shell/Logo'
import { Preferences } from '../shell/Preferences'

export function LoginPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const { data: site, error: site_error } = useQuery(siteQuery)
  useEffect(() => { document.title = `${t('login.title')} · Metropool` }, [t])
  return (
    <main className="login">
      <div className="login-side">
        <Logo size={52} />
        <h1>{t('login.promise')}</h1>
        <p>{t('login.about')}</p>
        <div className="login-media">{(['electricity', 'water', 'gas'] as const).map((service) => <MediumTag key={service} service={service} />)}</div>
      </div>
      <div className="login-form">
        <Preferences large={false} />
        <LoginForm />
        {site && <p className="muted">{pick(site.name)} · {pick(site.plan.title)} · {site.version}</p>}
        {site_error && <Failure error={site_error} />}
      </div>
    </main>
  )
}

function LoginForm() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const router = useRouter()
  const [{ next }] = useUrlState()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)

  const signIn = async (event: SubmitEvent) => {
    event.preventDefault()
    setWorking(true)
    setError(null)
    try {
      const session = learned(await change<Session>('POST', '/api/session', { login: login.trim(), password }))
      client.setQueryData(sessionQuery.queryKey, session)
      await router.invalidate()
      await navigate({ href: inside(next) ?? firstPage(session), replace: true })
    } catch (failed) {
      setError(failed)
      setPassword('')
    } finally {
      setWorking(false)
    }
  }

  return (
    <form onSubmit={(event) => void signIn(event)}>
      <h2>{t('login.title')}</h2>
      <label htmlFor="login">{t('login.name')}</label>
      <Input id="login" size="large" autoComplete="username" autoFocus required value={login} onChange={(event) => setLogin(event.target.value)} />
      <label htmlFor="password">{t('login.password')}</label>
      <Input.Password id="password" size="large" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
      {error !== null && <Failure error={error} />}
      <Button type="primary" size="large" htmlType="submit" loading={working} disabled={!login || !password}>{t('login.enter')}</Button>
    </form>
  )
}

/** Only an address of this site may be gone to after signing in. */
function inside(next: string | undefined): string | undefined {
  return next && /^\/(?![/\\])/.test(next) && next !== '/' ? next : undefined
}
