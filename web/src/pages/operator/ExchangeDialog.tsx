import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal, Select } from 'antd'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { change, newIntention } from '../../api/client'
import { exchangeFormQuery, METERING } from '../../api/queries'
import type { ExchangeForm, Meter, MeterExchange } from '../../api/types'
import { useNow } from '../../design/clock'
import { DayField, isDay } from '../../design/DayField'
import { exactText, instantText, shanghai } from '../../design/format'
import { usePick } from '../../design/preferences'
import { Failure, StateView } from '../../design/StateView'
import { useReadNow } from './readNow'

interface Props { meter: Meter; corrected?: MeterExchange; onClose: () => void }

/** Old meter out, new meter in: registers, time and reason; a wrong entry is corrected by a further version. */
export function ExchangeDialog({ meter, corrected, onClose }: Props) {
  const { t } = useTranslation()
  const old = corrected?.old_meter ?? meter.id
  const form = useQuery(exchangeFormQuery(old))
  const title = t(corrected ? 'exchange.correction_of' : 'exchange.title', { number: corrected?.old_number ?? meter.number })
  return (
    <Modal open title={title} onCancel={onClose} footer={null} destroyOnHidden width={620}>
      <StateView query={form} height={320}>{(found) => <Form form={found} meter={old} corrected={corrected} onClose={onClose} />}</StateView>
    </Modal>
  )
}

function Form({ form, meter, corrected, onClose }: { form: ExchangeForm; meter: string; corrected?: MeterExchange; onClose: () => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const now = useNow(60_000)
  const [entry, setEntry] = useState(() => entryOf(form, now, corrected))
  const [key, setKey] = useState(newIntention)
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const reading = useReadNow(meter)
  const set = (patch: Partial<Entry>) => { setEntry({ ...entry, ...patch }); setKey(newIntention()) }
  const complete = isDay(entry.at) && entry.final !== '' && entry.start !== '' && entry.number !== '' && entry.address !== '' && entry.reason.trim().length >= 4
  if (form.refusal && !corrected) return <p role="alert" className="refusal">{pick(form.refusal)}</p>

  const read = async () => {
    const found = await reading.read()
    if (found) set({ final: found.value, source: 'read', command: found.command })
  }
  const save = async () => {
    setWorking(true)
    setError(null)
    try {
      const path = corrected ? `exchanges/${corrected.id}/corrections` : `meters/${encodeURIComponent(meter)}/exchanges`
      await change<MeterExchange>('POST', `/${METERING}/api/${path}`, bodyOf(entry), key)
      await client.invalidateQueries({ predicate: ({ meta }) => meta?.system === METERING })
      onClose()
    } catch (failed) {
      setError(failed)
    } finally {
      setWorking(false)
    }
  }
  return (
    <div className="stack">
      <p className="effect">{t('exchange.effect')}</p>
      <Field name={t('exchange.at')} hint={t('exchange.at_hint')}>{(id) => <DayField id={id} kind="minute" value={entry.at} onChange={(at) => set({ at })} />}</Field>
      <Field name={`${t('exchange.final')} (${form.unit})`} hint={form.last_register ? t('exchange.last', { value: exactText(form.last_register), at: form.last_read_at ? instantText(form.last_read_at) : '' }) : undefined}>
        {(id) => (
          <span className="row">
            <Input id={id} inputMode="decimal" value={entry.final} style={{ maxWidth: 200 }} onChange={({ target }) => set({ final: target.value.trim(), source: 'typed', command: null })} />
            {!corrected && <Button loading={reading.working} onClick={() => void read()}>{t('exchange.read_now')}</Button>}
            <span className="muted">{t(`exchange.source.${entry.source}`)}</span>
          </span>
        )}
      </Field>
      {reading.error !== null && <Failure error={reading.error} />}
      {reading.silent && <p role="alert" className="refusal">{t('exchange.not_read')}</p>}
      <Field name={t('exchange.new')}>{(id) => <Input id={id} value={entry.number} onChange={({ target }) => set({ number: target.value.trim() })} />}</Field>
      <Field name={t('exchange.protocol')}>{(id) => <Select id={id} style={{ width: '100%' }} value={entry.protocol} options={form.protocols.map((value) => ({ value, label: value }))} onChange={(protocol) => set({ protocol })} />}</Field>
      <Field name={t('exchange.address')}>{(id) => <Input id={id} inputMode="numeric" value={entry.address} onChange={({ target }) => set({ address: target.value.trim() })} />}</Field>
      {form.has_point && <Field name={t('exchange.point')} hint={t('exchange.point_hint')}>{(id) => <Input id={id} inputMode="numeric" value={entry.point} onChange={({ target }) => set({ point: target.value.trim() })} />}</Field>}
      <Field name={`${t('exchange.start')} (${form.unit})`}>{(id) => <Input id={id} inputMode="decimal" value={entry.start} onChange={({ target }) => set({ start: target.value.trim() })} />}</Field>
      <Field name={t('exchange.reason')}>{(id) => <Input.TextArea id={id} rows={2} maxLength={200} value={entry.reason} onChange={({ target }) => set({ reason: target.value })} />}</Field>
      {error !== null && <Failure error={error} />}
      <span className="row">
        <Button type="primary" disabled={!complete} loading={working} onClick={() => void save()}>{t(corrected ? 'exchange.save_correction' : 'exchange.save')}</Button>
        <Button onClick={onClose}>{t('confirm.cancel')}</Button>
      </span>
    </div>
  )
}

function Field({ name, hint, children }: { name: string; hint?: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return <div className="field"><label htmlFor={id}>{name}</label>{children(id)}{hint && <div className="muted" style={{ fontSize: '0.85rem' }}>{hint}</div>}</div>
}

interface Entry { at: string; final: string; source: 'read' | 'typed'; command: string | null; number: string; protocol: string; address: string; point: string; start: string; reason: string }

/** What the dialog begins with: the exchange that is corrected, or the newest register and the present minute. */
function entryOf(form: ExchangeForm, now: number, corrected?: MeterExchange): Entry {
  if (!corrected) return { at: shanghai(now).format('YYYY-MM-DDTHH:mm'), final: form.last_register ?? '', source: 'typed', command: null, number: '', protocol: form.protocols[0] ?? '', address: '', point: '', start: '0', reason: '' }
  return {
    at: shanghai(corrected.at).format('YYYY-MM-DDTHH:mm'), final: corrected.final_register, source: 'typed', command: null, number: corrected.new_number,
    protocol: corrected.new_protocol, address: corrected.new_address, point: String(corrected.new_point ?? ''), start: corrected.start_register, reason: '',
  }
}

function bodyOf(entry: Entry) {
  return {
    at: `${entry.at}:00+08:00`, final_register: entry.final, final_source: entry.source, read_command: entry.command, new_number: entry.number,
    new_protocol: entry.protocol, new_address: entry.address, new_point: entry.point === '' ? null : Number(entry.point), start_register: entry.start, reason: entry.reason.trim(),
  }
}
