import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Input, Select } from 'antd'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import type { AreaMap } from '../../api/types'
import type { Inquiry, InquiryQuestion } from '../../api/views'
import { useNow } from '../../design/clock'
import { DayField } from '../../design/DayField'
import { NoticeMap } from '../../design/NoticeMap'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { Failure } from '../../design/StateView'
import { StillNeeded } from '../../design/StillNeeded'
import { AreaField } from '../company/AreaField'
import { areaGiven, areaOf } from '../company/noticeEntry'
import { asking, firstWish, missingIn, PREMISES, type Wish } from './inquiryWish'

interface Props { system: string; map: AreaMap; questions: InquiryQuestion[] }

/** What is asked for, where, of which days, why, and for how long it may be used. */
export function NewInquiry({ system, map, questions }: Props) {
  const { t } = useTranslation()
  const now = useNow(3_600_000)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [wish, setWish] = useState(() => firstWish(questions[0]!, now))
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const question = questions.find(({ what }) => what === wish.what)!
  const missing = missingIn(wish, question)
  const set = (patch: Partial<Wish>) => {
    setWish((before) => ({ ...before, ...patch }))
    setKey(newIntention())
  }
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
  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); void ask() }}>
      <Card title={t('view.question')}><Fields wish={wish} question={question} questions={questions} map={map} onChange={set} /></Card>
      <Card title={t('notice.where')}>
        {wish.service === PREMISES ? (
          <NoticeMap map={map} areas={[{ id: 'wish', service: wish.service, area: areaOf(wish, map), chosen: true }]} label={t('notice.map_label')} />
        ) : (
          <AreaField titled entry={wish} map={map} onChange={set} />
        )}
      </Card>
      <div className="stack whole-row">
        {error !== null && <Failure error={error} />}
        <StillNeeded names={missing.map((name) => t(name))} />
        <div className="row"><Button type="primary" htmlType="submit" disabled={missing.length > 0} loading={working}>{t('view.ask')}</Button></div>
      </div>
    </form>
  )
}

interface FieldsProps { wish: Wish; question: InquiryQuestion; questions: InquiryQuestion[]; map: AreaMap; onChange: (patch: Partial<Wish>) => void }

function Fields({ wish, question, questions, map, onChange }: FieldsProps) {
  const { t } = useTranslation()
  const pick = usePick()
  const id = useId()
  const field = (name: string, label: string, control: (id: string) => ReactNode) => <div><label htmlFor={`${id}-${name}`}>{label}</label>{control(`${id}-${name}`)}</div>
  const day = (name: 'first_day' | 'last_day' | 'until') => field(name, t(`view.${name}`), (at) => <DayField id={at} value={wish[name]} onChange={(value) => onChange({ [name]: value })} />)
  const choose = (what: string) => onChange(asking(questions.find((one) => one.what === what)!, wish))
  const premises = wish.service === PREMISES
  return (
    <div className="stack">
      <div className="pair">
        {field('what', t('view.what'), (at) => <Select id={at} value={wish.what} options={questions.map(({ what, name }) => ({ value: what, label: pick(name) }))} onChange={choose} />)}
        {premises ? field('community', t('view.of_community'), (at) => <Select id={at} showSearch optionFilterProp="label" placeholder={t('view.choose_community')} value={wish.places[0]} options={communitiesOf(map, pick)} onChange={(place) => onChange({ places: [place] })} />)
          : field('service', t('notice.medium'), (at) => <Select id={at} value={wish.service} options={question.services.map((value) => ({ value, label: value === PREMISES ? t('view.of_community') : t(`service.${value}`) }))} onChange={(service) => onChange({ service })} />)}
        {day('first_day')}
        {day('last_day')}
        {field('purpose', t('view.purpose'), (at) => <Select id={at} value={wish.purpose} options={question.purposes.map(({ id: value, name }) => ({ value, label: pick(name) }))} onChange={(purpose) => onChange({ purpose })} />)}
        {day('until')}
      </div>
      {question.is_personal && <p className="effect effect-danger">{t(premises ? 'view.premises_effect' : 'view.personal_effect')}</p>}
      {field('basis', t(question.is_personal ? 'view.basis' : 'view.basis_optional'), (at) => <Input id={at} value={wish.legal_basis} maxLength={300} onChange={({ target }) => onChange({ legal_basis: target.value })} />)}
      {field('reason', t('view.reason'), (at) => <Input.TextArea id={at} value={wish.reason} maxLength={500} rows={3} showCount onChange={({ target }) => onChange({ reason: target.value })} />)}
    </div>
  )
}

/** The communities by name. */
function communitiesOf(map: AreaMap, pick: ReturnType<typeof usePick>) {
  const places = new Map(map.features.features.map(({ properties }) => [properties.id, properties]))
  return [...places.values()].filter(({ kind }) => kind === PREMISES).map(({ id, name }) => ({ value: id, label: pick(name) }))
}
