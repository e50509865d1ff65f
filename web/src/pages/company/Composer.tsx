import { useQueryClient } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { officeNoticeQuery } from '../../api/queries'
import { isService, NOTICE_KINDS, type AreaMap, type Medium, type OfficeNotice } from '../../api/types'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { DayField, isDay } from '../../design/DayField'
import { instantText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { Failure } from '../../design/StateView'
import { StillNeeded } from '../../design/StillNeeded'
import { AreaField } from './AreaField'
import { givenOf, instantOf, missingIn, type Entry } from './noticeEntry'
import { Preview } from './NoticePreview'

interface Props { system: string; map: AreaMap; notice: OfficeNotice | null; first: Entry; onSaved?: (saved: OfficeNotice) => void }
type Asking = 'publish' | 'correct' | 'withdraw' | null

export function Composer({ system, map, notice, first, onSaved }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [entry, setEntry] = useState(first)
  const [asking, setAsking] = useState<Asking>(null)
  const [later, setLater] = useState('')
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (patch: Partial<Entry>) => {
    setEntry((before) => ({ ...before, ...patch }))
    setKey(newIntention())
  }
  const changed = JSON.stringify(entry) !== JSON.stringify(first)
  const path = (id: string, rest: string) => `/${system}/api/notices/${encodeURIComponent(id)}/${rest}`
  const post = (where: string, body: object, intention: string) => change<OfficeNotice>('POST', where, body, intention)

  /** What stands here as it is kept at the office. */
  const kept = (): Promise<OfficeNotice> => {
    if (!notice) return post(`/${system}/api/notices`, givenOf(entry), key)
    return changed ? post(path(notice.id, 'words'), { seen: notice.revision, notice: givenOf(entry) }, key) : Promise.resolve(notice)
  }
  const shown = async (saved: OfficeNotice) => {
    client.setQueryData(officeNoticeQuery(system, saved.id).queryKey, saved)
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('notices') ?? false })
    onSaved?.(saved)
  }
  const save = async () => {
    setWorking(true)
    setError(null)
    try {
      await shown(await kept())
    } catch (failed) {
      setError(failed)
    } finally {
      setKey(newIntention())
      setWorking(false)
    }
  }
  const confirm = async (reason: string) => {
    if (asking === 'withdraw') return shown(await post(path(notice!.id, 'withdrawal'), { seen: notice!.revision, reason }, newIntention())).then(() => setAsking(null))
    const saved = await kept()
    if (asking === 'correct') return shown(saved).then(() => setAsking(null))
    const published = await post(path(saved.id, 'publication'), { seen: saved.revision, at: later ? instantOf(later) : null }, newIntention())
    setAsking(null)
    await shown(published)
  }
  const is_out = notice?.state === 'published'
  const missing = missingIn(entry)
  const complete = missing.length === 0
  return (
    <div className="composer">
      <Card title={t('notice.compose')}>
        <form className="stack" onSubmit={(event) => { event.preventDefault(); void save() }}>
          <Fields entry={entry} media={map.media} onChange={set} />
          <AreaField entry={entry} map={map} onChange={set} />
          {error !== null && <Failure error={error} />}
          <StillNeeded names={missing.map((name) => t(`notice.${name}`))} />
          <div className="row">
            {!is_out && <Button htmlType="submit" disabled={!complete || (notice !== null && !changed)} loading={working}>{t('notice.save')}</Button>}
            {is_out ? (
              <Button type="primary" disabled={!changed || !complete} onClick={() => setAsking('correct')}>{t('notice.correct')}</Button>
            ) : (
              <Button type="primary" disabled={!complete} onClick={() => setAsking('publish')}>{t('notice.publish')}</Button>
            )}
            {notice && <Button danger onClick={() => setAsking('withdraw')}>{t('notice.withdraw')}</Button>}
          </div>
        </form>
      </Card>
      <Preview entry={entry} map={map} state={notice?.state ?? 'draft'} />
      {asking && (
        <ConfirmDanger
          open title={t(`notice.${asking}`)} ready={later === '' || isDay(later)} danger={asking === 'withdraw'} needs_reason={asking === 'withdraw'} action={t(later && asking === 'publish' ? 'notice.schedule' : `notice.${asking}`)}
          effect={asking === 'publish' ? <When later={later} onChange={setLater} /> : <p>{t(`notice.${asking}_effect`)}</p>} onConfirm={({ reason }) => confirm(reason)} onClose={() => setAsking(null)}
        />
      )}
    </div>
  )
}

/** Now, or at an instant to come. */
function When({ later, onChange }: { later: string; onChange: (later: string) => void }) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <div className="stack">
      <p>{isDay(later) ? t('notice.schedule_effect', { time: instantText(instantOf(later)) }) : t('notice.publish_effect')}</p>
      <label htmlFor={id}>{t('notice.publish_at')}</label>
      <DayField id={id} kind="minute" value={later} onChange={onChange} />
    </div>
  )
}

function Fields({ entry, media, onChange }: { entry: Entry; media: Medium[]; onChange: (patch: Partial<Entry>) => void }) {
  const { t } = useTranslation()
  const id = useId()
  const text = (name: 'title_zh' | 'title_en' | 'text_zh' | 'text_en') => {
    const shared = { id: `${id}-${name}`, value: entry[name], showCount: true, onChange: ({ target }: { target: { value: string } }) => onChange({ [name]: target.value }) }
    return (
      <div>
        <label htmlFor={shared.id}>{t(`notice.${name}`)}</label>
        {name.startsWith('title') ? <Input {...shared} maxLength={80} /> : <Input.TextArea {...shared} maxLength={2000} rows={5} />}
      </div>
    )
  }
  return (
    <>
      <div className="pair">
        <div>
          <label htmlFor={`${id}-kind`}>{t('notice.kind_name')}</label>
          <Select id={`${id}-kind`} value={entry.kind} options={NOTICE_KINDS.map((value) => ({ value, label: t(`notice.kind.${value}`) }))} onChange={(kind) => onChange({ kind })} />
        </div>
        <div>
          <label htmlFor={`${id}-service`}>{t('notice.medium')}</label>
          <Select id={`${id}-service`} value={entry.service} options={media.map((value) => ({ value, label: t(isService(value) ? `service.${value}` : `notice.of.${value}`) }))} onChange={(service) => onChange({ service })} />
        </div>
        <div>
          <label htmlFor={`${id}-starts`}>{t('notice.starts')}</label>
          <DayField id={`${id}-starts`} kind="minute" value={entry.starts} onChange={(starts) => onChange({ starts })} />
        </div>
        <div>
          <label htmlFor={`${id}-ends`}>{t('notice.ends_or_open')}</label>
          <DayField id={`${id}-ends`} kind="minute" value={entry.ends} onChange={(ends) => onChange({ ends })} />
        </div>
      </div>
      <div className="pair">{text('title_zh')}{text('title_en')}</div>
      <div className="pair">{text('text_zh')}{text('text_en')}</div>
    </>
  )
}
