import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useChanges } from '../../api/changes'
import { discardLetter, parkedQuery, replayLetter, type ParkedLetter, type ParkedState } from '../../api/parked'
import { sessionQuery, siteQuery } from '../../api/queries'
import { AgeBadge } from '../../design/AgeBadge'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { DataTable, type Column } from '../../design/DataTable'
import { MISSING, numberText, secondsText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { Failure, Skeleton } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import './admin.css'

const TONES: Record<ParkedState, Tone> = { parked: 'late', replayed: 'good', discarded: 'quiet' }
const STATES: ParkedState[] = ['parked', 'replayed', 'discarded']
type Done = { letter: ParkedLetter } | { error: unknown } | null

/** Letters a system could not take in: why, and what to do about each. */
export function ParkedPage() {
  const { t } = useTranslation()
  const [state, setState] = useUrlState()
  const systems = useSystems()
  const counted = systems.every(({ waiting }) => waiting !== undefined)
  const chosen = systems.find(({ id }) => id === state.system) ?? (counted ? (systems.find(({ waiting }) => waiting) ?? systems[0]) : undefined)
  useChanges(chosen ? [chosen.id] : [])
  return (
    <PageFrame title={t('nav.parked')} help={t('parked.help')}>
      <label className="row">
        {t('users.system')}
        <Select
          className="system-choice" aria-label={t('users.system')} value={chosen?.id} options={systems.map(({ id, name, waiting }) => ({ value: id, label: waiting ? t('parked.of_system', { system: name, count: waiting }) : name }))}
          onChange={(system: string) => setState({ system, page: undefined })}
        />
        {systems.length > 0 && systems.every(({ waiting }) => waiting === 0) && <StateTag tone="good">{t('parked.none_anywhere')}</StateTag>}
      </label>
      {chosen ? <Letters key={chosen.id} system={chosen.id} state={(state.state ?? 'parked') as ParkedState} /> : <Skeleton height={320} />}
    </PageFrame>
  )
}

/** Those whose letters one may see, with how many wait at each. */
function useSystems(): { id: string; name: string; waiting: number | undefined }[] {
  const pick = usePick()
  const { data: site } = useQuery(siteQuery)
  const { data: session } = useQuery(sessionQuery)
  const systems = site?.systems.filter(({ id }) => !session?.system || session.system === id) ?? []
  const counts = useQueries({ queries: systems.map(({ id }) => ({ ...parkedQuery(id, { size: 1 }), refetchInterval: 30_000 })) })
  return systems.map(({ id, name }, index) => ({ id, name: pick(name), waiting: counts[index]?.data?.total }))
}

function Letters({ system, state }: { system: string; state: ParkedState }) {
  const { t } = useTranslation()
  const pick = usePick()
  const client = useQueryClient()
  const [done, setDone] = useState<Done>(null)
  const [working, setWorking] = useState('')
  const [giving_up, setGivingUp] = useState<ParkedLetter | null>(null)
  const settle = async (letter: ParkedLetter, act: Promise<ParkedLetter>) => {
    setWorking(letter.id)
    try {
      setDone({ letter: await act })
    } catch (error) {
      setDone({ error })
    } finally {
      setWorking('')
    }
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('parked') ?? false })
  }
  const columns: Column<ParkedLetter>[] = [
    { key: 'heard_at', title: t('parked.heard'), sortable: true, cell: (row) => <>{secondsText(row.heard_at)}<div className="muted"><AgeBadge at={row.heard_at} /></div></> },
    { key: 'phrase', title: t('topology.message_name'), sortable: true, cell: (row) => <>{pick(row.name)}<div className="muted"><code>{row.phrase}</code></div></> },
    { key: 'sender', title: t('topology.from'), sortable: true, cell: (row) => pick(row.sender_name) },
    { key: 'cause', title: t('parked.why'), wrap: 26, cell: (row) => <><strong>{pick(row.cause_text)}</strong><div className="muted">{row.reason}</div></> },
    { key: 'bytes', title: t('parked.size'), sortable: true, right: true, cell: (row) => (row.bytes === null ? MISSING : `${numberText(row.bytes / 1024, '', 1)} KB`) },
    { key: 'state', title: t('topology.state_name'), cell: (row) => <StateTag tone={TONES[row.state]}>{pick(row.state_text)}</StateTag> },
  ]
  const acts: Column<ParkedLetter> = {
    key: 'do', title: t('parked.do'), cell: (row) => (
      <span className="row acts">
        <Button size="small" type="primary" loading={working === row.id} onClick={() => void settle(row, replayLetter(system, row.id))}>{t('parked.replay')}</Button>
        <Button size="small" onClick={() => setGivingUp(row)}>{t('parked.discard')}</Button>
      </span>
    ),
  }
  return (
    <Card>
      <div role="status">
        {done && ('error' in done ? <Failure error={done.error} /> : <p className="outcome"><StateTag tone={TONES[done.letter.state]}>{pick(done.letter.state_text)}</StateTag> {pick(done.letter.name)} <code className="muted">{done.letter.id}</code></p>)}
      </div>
      <DataTable
        aged label={t('nav.parked')} columns={state === 'parked' ? [...columns, acts] : columns} query={(query) => parkedQuery(system, query)} rowKey={(row) => row.id} empty={t(`parked.none.${state}`)} exportPath={`/${system}/api/parked`}
        filters={[{ key: 'state', label: t('topology.state_name'), standard: 'parked', options: STATES.map((value) => ({ value, label: t(`parked.state_${value}`) })) }]}
      />
      {giving_up && (
        <ConfirmDanger
          open title={t('parked.discard')} effect={<p>{t('parked.discard_effect', { name: pick(giving_up.name), sender: pick(giving_up.sender_name) })}</p>} action={t('parked.discard')}
          onConfirm={async ({ reason }) => { const letter = giving_up; await settle(letter, discardLetter(system, letter.id, reason)); setGivingUp(null) }} onClose={() => setGivingUp(null)}
        />
      )}
    </Card>
  )
}
