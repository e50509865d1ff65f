import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Input, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import type { AreaMap, Service } from '../../api/types'
import { PERSONAL, PREMISES, PURPOSES, QUESTIONS, type About, type Inquiry, type Purpose, type Question } from '../../api/views'
import { useNow } from '../../design/clock'
import { shanghai } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { Failure } from '../../design/StateView'
import { AreaField } from '../company/AreaField'
import { areaGiven, hasArea, type AreaEntry } from '../company/noticeEntry'

const SERVICES: Service[] = ['electricity', 'water', 'gas', 'heat']
const DAYS = 90

interface Wish extends AreaEntry { service: About; what: Question; purpose: Purpose; first_day: string; last_day: string; reason: string; legal_basis: string; until: string }

function firstWish(now: number): Wish {
  const today = shanghai(now)
  return {
    service: 'electricity', what: 'usage_by_day', purpose: 'planning', first_day: today.subtract(7, 'day').format('YYYY-MM-DD'), last_day: today.subtract(1, 'day').format('YYYY-MM-DD'),
    reason: '', legal_basis: '', until: today.add(DAYS, 'day').format('YYYY-MM-DD'), area: 'city', places: [], polygons: [],
  }
}

/** What comes with another question: a community's premises are asked for of one community, charging of electricity. */
function asking(what: Question, before: Wish): Partial<Wish> {
  if (PREMISES.includes(what)) return { what, service: 'community', area: 'places', places: PREMISES.includes(before.what) ? before.places : [], polygons: [] }
  return { what, service: before.service === 'community' || what === 'charging_by_day' ? 'electricity' : before.service }
}

/** What is asked for, where, of which days, why, and for how long it may be used. */
export function NewInquiry({ system, map }: { system: string; map: AreaMap }) {
  const now = useNow(3_600_000)
  return <Form system={system} map={map} first={firstWish(now)} />
}

function Form({ system, map, first }: { system: string; map: AreaMap; first: Wish }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const id = useId()
  const [wish, setWish] = useState(first)
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (patch: Partial<Wish>) => {
    setWish((before) => ({ ...before, ...patch }))
    setKey(newIntention())
  }
  const personal = PERSONAL.includes(wish.what)
  const premises = PREMISES.includes(wish.what)
  const services = wish.what === 'charging_by_day' ? SERVICES.slice(0, 1) : SERVICES
  const complete = wish.reason.trim() !== '' && (!personal || wish.legal_basis.trim() !== '') && hasArea(wish) && wish.first_day !== '' && wish.last_day !== '' && wish.until !== ''
  const ask = async () => {
    setWorking(true)
    setError(null)
    try {
      const { what, service, purpose, first_day, last_day, reason, legal_basis, until } = wish
      const body = { what, service, purpose, first_day, last_day, reason, legal_basis, area: areaGiven(wish), expires_at: `${until}T23:59:00+08:00` }
      const made = await change<Inquiry>('POST', `/${system}/api/inquiries`, body, key)
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('inquiries') ?? false })
      await navigate({ to: '/inquiries/$system/$request', params: { system, request: made.id }, replace: true })
    } catch (failed) {
      setError(failed)
      setKey(newIntention())
    } finally {
      setWorking(false)
    }
  }
  const day = (name: 'first_day' | 'last_day' | 'until') => (
    <div>
      <label htmlFor={`${id}-${name}`}>{t(`view.${name}`)}</label>
      <Input id={`${id}-${name}`} type="date" value={wish[name]} onChange={({ target }) => set({ [name]: target.value })} />
    </div>
  )
  return (
    <Card title={t('view.new')}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); void ask() }}>
        <div className="pair">
          <div>
            <label htmlFor={`${id}-what`}>{t('view.what')}</label>
            <Select id={`${id}-what`} value={wish.what} options={QUESTIONS.map((value) => ({ value, label: t(`view.question.${value}`) }))} onChange={(what) => set(asking(what, wish))} />
          </div>
          <div>
            <label htmlFor={`${id}-service`}>{t('notice.medium')}</label>
            {premises ? <Input id={`${id}-service`} value={t('view.of_community')} readOnly /> : <Select id={`${id}-service`} value={wish.service} options={services.map((value) => ({ value, label: t(`service.${value}`) }))} onChange={(service) => set({ service })} />}
          </div>
          {day('first_day')}
          {day('last_day')}
          <div>
            <label htmlFor={`${id}-purpose`}>{t('view.purpose')}</label>
            <Select id={`${id}-purpose`} value={wish.purpose} options={PURPOSES.map((value) => ({ value, label: t(`view.for.${value}`) }))} onChange={(purpose) => set({ purpose })} />
          </div>
          {day('until')}
        </div>
        {personal && <p className="effect effect-danger">{t(premises ? 'view.premises_effect' : 'view.personal_effect')}</p>}
        <div>
          <label htmlFor={`${id}-basis`}>{t(personal ? 'view.basis' : 'view.basis_optional')}</label>
          <Input id={`${id}-basis`} value={wish.legal_basis} maxLength={300} onChange={({ target }) => set({ legal_basis: target.value })} />
        </div>
        <div>
          <label htmlFor={`${id}-reason`}>{t('view.reason')}</label>
          <Input.TextArea id={`${id}-reason`} value={wish.reason} maxLength={500} rows={3} showCount onChange={({ target }) => set({ reason: target.value })} />
        </div>
        <AreaField entry={wish} map={premises ? { ...map, areas: ['places'], choosable: ['community'] } : map} onChange={(patch) => set(premises && patch.places ? { ...patch, places: patch.places.slice(-1) } : patch)} />
        {error !== null && <Failure error={error} />}
        <div className="row"><Button type="primary" htmlType="submit" disabled={!complete} loading={working}>{t('view.ask')}</Button></div>
      </form>
    </Card>
  )
}
