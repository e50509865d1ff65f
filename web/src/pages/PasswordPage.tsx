import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { change, learned } from '../api/client'
import { sessionQuery } from '../api/queries'
import type { Session } from '../api/types'
import { Card, PageFrame } from '../design/PageFrame'
import { Failure } from '../design/StateView'

const SHORTEST = 12

export function PasswordPage() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const router = useRouter()
  const { data: session } = useQuery(sessionQuery)
  const [current, setCurrent] = useState('')
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const [error, setError] = useState<unknown>(null)
  const fits = fresh.length >= SHORTEST && fresh === again && fresh !== current

  const save = async (event: SubmitEvent) => {
    event.preventDefault()
    setError(null)
    try {
      client.setQueryData(sessionQuery.queryKey, learned(await change<Session>('PUT', '/api/session/password', { current, new: fresh })))
      await router.invalidate()
      await navigate({ to: '/' })
    } catch (failed) {
      setError(failed)
    }
  }

  return (
    <PageFrame title={t('password.title')}>
      <Card>
        <form className="stack" style={{ maxWidth: '24rem' }} onSubmit={(event) => void save(event)}>
          {session?.must_change_password && <p className="refusal">{t('password.first')}</p>}
          <label htmlFor="current">{t('password.current')}</label>
          <Input.Password id="current" autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
          <label htmlFor="new">{t('password.new', { count: SHORTEST })}</label>
          <Input.Password id="new" autoComplete="new-password" value={fresh} onChange={(event) => setFresh(event.target.value)} />
          <label htmlFor="again">{t('password.again')}</label>
          <Input.Password id="again" autoComplete="new-password" value={again} status={again && again !== fresh ? 'error' : ''} onChange={(event) => setAgain(event.target.value)} />
          {error !== null && <Failure error={error} />}
          <Button type="primary" htmlType="submit" disabled={!fits}>{t('password.save')}</Button>
        </form>
      </Card>
    </PageFrame>
  )
}
