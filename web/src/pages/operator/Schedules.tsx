import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Modal, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { schedulesQuery, sessionQuery } from '../../api/queries'
import type { ScheduleRow } from '../../api/types'
import { instantText, numberText } from '../../design/format'
import { usePick } from '../../design/preferences'
import { useService } from '../../design/ServiceSwitch'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { ScheduleForm } from './ScheduleForm'

/** Which items are collected how often, every version of it, and changing it. */
export function Schedules() {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { data: session } = useQuery(sessionQuery)
  const may = session?.rights.includes('collection.schedule') ?? false
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t(may ? 'schedule.change' : 'schedule.show')}</Button>
      {open && <Dialog may={may} onClose={() => setOpen(false)} />}
    </>
  )
}

function Dialog({ may, onClose }: { may: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const service = useService()
  const schedules = useQuery(schedulesQuery({ service }))
  const [chosen, setChosen] = useState<string | null>(null)
  const row = schedules.data?.rows.find(({ item }) => item === chosen)
  const done = async () => {
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('collection') ?? false })
  }
  return (
    <Modal open title={t('schedule.title')} onCancel={onClose} footer={<Button onClick={onClose}>{t('state.close')}</Button>} width="min(64rem, 96vw)" destroyOnHidden>
      <StateView query={schedules} height={240} empty={(data) => (data.rows.length === 0 ? t('schedule.none') : null)}>
        {(data) => <Items rows={data.rows} chosen={chosen} onChoose={setChosen} />}
      </StateView>
      {row && <Chosen key={`${row.item}/${row.version}`} row={row} may={may} onDone={done} />}
    </Modal>
  )
}

function Items({ rows, chosen, onChoose }: { rows: ScheduleRow[]; chosen: string | null; onChoose: (item: string) => void }) {
  const { t } = useTranslation()
  const pick = usePick()
  const minutes = (seconds: number) => t('schedule.minutes', { value: numberText(seconds / 60, '1') })
  return (
    <Table<ScheduleRow>
      aria-label={t('schedule.title')} dataSource={rows} rowKey="item" pagination={false} size="small" scroll={{ x: 'max-content' }}
      columns={[
        { key: 'name', title: t('schedule.item'), render: (_, row) => <button type="button" className="link-button" aria-pressed={chosen === row.item} onClick={() => onChoose(row.item)}>{pick(row.name)}</button> },
        { key: 'kind', title: t('schedule.kind'), render: (_, row) => (row.kind === 'interval' ? minutes(row.slot_s) : t(`collection.items.${row.kind}`)) },
        { key: 'every', title: t('schedule.every'), align: 'right', render: (_, row) => minutes(row.every_s) },
        { key: 'delay', title: t('schedule.delay'), align: 'right', render: (_, row) => minutes(row.delay_s) },
        { key: 'state', title: t('schedule.state'), render: (_, row) => <StateTag tone={row.is_collected ? 'good' : 'quiet'}>{t(row.is_collected ? 'schedule.on' : 'schedule.off')}</StateTag> },
        { key: 'channels', title: t('schedule.channels'), align: 'right', render: (_, row) => row.channels },
        { key: 'how', title: t('schedule.how'), render: (_, row) => pick(row.how) },
      ]}
    />
  )
}

function Chosen({ row, may, onDone }: { row: ScheduleRow; may: boolean; onDone: () => Promise<void> }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <section className="schedule-chosen" aria-label={pick(row.name)}>
      <h3>{pick(row.name)}</h3>
      {row.coming && <p><StateTag tone="late">{t('schedule.coming', { version: row.coming.version, time: instantText(row.coming.starts_at) })}</StateTag></p>}
      {may && <ScheduleForm row={row} onDone={onDone} />}
      <h3>{t('schedule.versions')}</h3>
      <ol className="timeline">
        {row.versions.map((one) => (
          <li key={one.version}>
            <strong>{t('schedule.version', { version: one.version })}</strong>
            <span>{one.is_collected ? t('schedule.says', { every: numberText(one.every_s / 60, '1'), delay: numberText(one.delay_s / 60, '1') }) : t('schedule.off')}</span>
            <time dateTime={one.starts_at}>{t('schedule.from', { time: instantText(one.starts_at) })}</time>
            <span>{one.made_by === 'standard' ? t('schedule.standard') : one.made_by}</span>
            {one.made_by !== 'standard' && <p>{one.restores === null ? one.reason : `${t('schedule.restores', { version: one.restores })} ${one.reason}`}</p>}
          </li>
        ))}
      </ol>
    </section>
  )
}
