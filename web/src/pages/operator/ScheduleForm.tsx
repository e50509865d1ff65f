import { Button, Checkbox, Input, InputNumber, Segmented, Select } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { METERING } from '../../api/queries'
import type { ScheduleRow } from '../../api/types'
import { useNow } from '../../design/clock'
import { numberText, shanghai } from '../../design/format'
import { Failure } from '../../design/StateView'

const SHORTEST_REASON = 4

/** A new version of how an item is collected, or back to an earlier one. The server says what cannot be, and why. */
export function ScheduleForm({ row, onDone }: { row: ScheduleRow; onDone: () => Promise<void> }) {
  const { t } = useTranslation()
  const id = useId()
  const now = useNow()
  const [every, setEvery] = useState<number | null>(row.every_s / 60)
  const [delay, setDelay] = useState<number | null>(row.delay_s / 60)
  const [collected, setCollected] = useState(row.is_collected)
  const [when, setWhen] = useState<'now' | 'midnight'>('now')
  const [reason, setReason] = useState('')
  const [restore, setRestore] = useState<number | undefined>(undefined)
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const ready = reason.trim().length >= SHORTEST_REASON && !working

  const send = async (path: string, body: object) => {
    setWorking(true)
    setError(null)
    try {
      await change('POST', `/${METERING}/api/collection/schedules/${row.item}${path}`, { seen: row.version, reason: reason.trim(), ...body }, key)
      await onDone()
    } catch (failed) {
      setError(failed)
    } finally {
      setKey(newIntention())
      setWorking(false)
    }
  }
  const starts_at = when === 'now' ? null : shanghai(now).add(1, 'day').startOf('day').format('YYYY-MM-DDTHH:mm:ssZ')
  const submit = () => send('', { every_s: Math.round((every ?? 0) * 60), delay_s: Math.round((delay ?? 0) * 60), is_collected: collected, starts_at })

  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <div className="row">
        <Checkbox checked={collected} onChange={(event) => setCollected(event.target.checked)}>{t('schedule.collect')}</Checkbox>
        <span className="row">
          <label htmlFor={`${id}-every`}>{t('schedule.every')}</label>
          <InputNumber id={`${id}-every`} value={every} onChange={setEvery} suffix={t('schedule.minute_unit')} style={{ width: '8rem' }} />
        </span>
        <span className="row">
          <label htmlFor={`${id}-delay`}>{t('schedule.delay')}</label>
          <InputNumber id={`${id}-delay`} value={delay} onChange={setDelay} suffix={t('schedule.minute_unit')} style={{ width: '8rem' }} />
        </span>
        <Segmented aria-label={t('schedule.when')} value={when} options={(['now', 'midnight'] as const).map((value) => ({ value, label: t(`schedule.starts.${value}`) }))} onChange={setWhen} />
      </div>
      <p className="muted">{t('schedule.limits', { least: numberText(row.least_every_s / 60, '1'), longest: numberText(row.longest_every_s / 60, '1') })}</p>
      <label htmlFor={`${id}-reason`}>{t('confirm.reason')}</label>
      <Input.TextArea id={`${id}-reason`} value={reason} maxLength={200} rows={2} placeholder={t('confirm.reason_hint')} onChange={(event) => setReason(event.target.value)} />
      {error !== null && <Failure error={error} />}
      <div className="row">
        <Button type="primary" htmlType="submit" disabled={!ready} loading={working}>{t('schedule.save')}</Button>
        <Select
          aria-label={t('schedule.undo_to')} placeholder={t('schedule.undo_to')} value={restore} style={{ minWidth: '12rem' }} allowClear onChange={setRestore}
          options={row.versions.filter(({ version }) => version !== row.version).map((one) => ({ value: one.version, label: `${t('schedule.version', { version: one.version })} · ${one.is_collected ? t('schedule.minutes', { value: numberText(one.every_s / 60, '1') }) : t('schedule.off')}` }))}
        />
        <Button disabled={!ready || restore === undefined} onClick={() => void send('/undo', { restore })}>{t('schedule.undo')}</Button>
      </div>
    </form>
  )
}
