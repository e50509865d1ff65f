import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { conformanceQuery, flowsQuery, type ConformanceFlow, type FlowCounts, type FlowStatus } from '../../api/conformance'
import type { TopologyEdge } from '../../api/types'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING, numberText } from '../../design/format'
import { Card, KeyNumber } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import './admin.css'

/** What the last run found, by sender, receiver and message: the worst where several rows list the same. */
export function useFound(plan: string): (edge: TopologyEdge, message: string) => ConformanceFlow | undefined {
  const { data } = useQuery(conformanceQuery(plan))
  const found = useMemo(() => {
    const worst = new Map<string, ConformanceFlow>()
    for (const flow of data?.flows ?? []) {
      const key = `${flow.sender}>${flow.receiver} ${flow.message}`
      const known = worst.get(key)
      if (!known || STATUSES.indexOf(flow.status) > STATUSES.indexOf(known.status)) worst.set(key, flow)
    }
    return worst
  }, [data])
  return (edge, message) => found.get(`${edge.source}>${edge.target} ${message}`)
}

export function FoundTag({ flow }: { flow: ConformanceFlow }) {
  const { t } = useTranslation()
  return <StateTag tone={FLOW_TONES[flow.status]}>{t(`conformance.status.${flow.status}`)}{flow.delay_ms !== null && ` · ${numberText(flow.delay_ms, '', 0)} ms`}</StateTag>
}

const FLOW_TONES: Record<FlowStatus, Tone> = { works: 'good', 'not built': 'quiet', failed: 'bad' }
const STATUSES = ['works', 'not built', 'failed'] as const

/** What the last conformance run of a plan found: how much works, and what of that which is not listed was refused. */
export function LastRun({ plan }: { plan: string }) {
  const { t } = useTranslation()
  const run = useQuery(conformanceQuery(plan))
  return (
    <Card title={t('conformance.title')} extra={run.data && <StateTag tone={run.data.is_sound ? 'good' : 'bad'}>{t(run.data.is_sound ? 'conformance.sound' : 'conformance.unsound')}</StateTag>}>
      <StateView query={run} height={140} empty={(found) => (found === null ? t('conformance.never', { plan }) : null)}>
        {(found) => found && (
          <>
            <p className="muted">{t('conformance.when', { time: instantText(found.at), seconds: numberText(found.took_s, '', 0) })}</p>
            <div className="run-counts">
              <Counted name={t('conformance.paper')} counts={found.paper} />
              <Counted name={t('conformance.others')} counts={found.others} />
              <KeyNumber name={t('conformance.refused')} note={t('conformance.let_through', { passed: numberText(found.let_through, '1'), tried: numberText(found.controls, '1') })}>{numberText(found.refused, '1')} / {numberText(found.tried, '1')}</KeyNumber>
            </div>
            <Flows plan={plan} />
          </>
        )}
      </StateView>
    </Card>
  )
}

function Counted({ name, counts }: { name: string; counts: FlowCounts }) {
  const { t } = useTranslation()
  return <KeyNumber name={name} note={t('conformance.counts', { unbuilt: counts.not_built, failed: counts.failed })}>{t('conformance.work', { count: counts.works })}</KeyNumber>
}

function Flows({ plan }: { plan: string }) {
  const { t } = useTranslation()
  const pick = usePick()
  const columns: Column<ConformanceFlow>[] = [
    { key: 'row', title: t('topology.row'), sortable: true, cell: (flow) => <>{flow.row} {flow.direction === 'up' ? '↑' : '↓'}</> },
    { key: 'message', title: t('topology.message_name'), sortable: true, wrap: 13, cell: (flow) => <>{pick(flow.name)}<div className="muted"><code>{flow.message}</code></div></> },
    { key: 'sender', title: t('conformance.way'), sortable: true, wrap: 13, cell: (flow) => <>{pick(flow.sender_name)} → {pick(flow.receiver_name)}</> },
    { key: 'status', title: t('topology.state_name'), sortable: true, cell: (flow) => <FoundTag flow={{ ...flow, delay_ms: null }} /> },
    { key: 'delay_ms', title: t('conformance.delay'), sortable: true, right: true, cell: (flow) => (flow.delay_ms === null ? MISSING : `${numberText(flow.delay_ms, '', 0)} ms`) },
    { key: 'evidence', title: t('conformance.evidence'), wrap: 12, cell: (flow) => (flow.evidence ? <code>{flow.evidence}</code> : flow.why ? <span className="muted">{pick(flow.why)}</span> : MISSING) },
    { key: 'src', title: t('conformance.source'), sortable: true, wrap: 8, cell: (flow) => t(`topology.provenance.${flow.src}`) },
  ]
  return (
    <DataTable
      label={t('conformance.title')} columns={columns} query={(query) => flowsQuery({ ...query, plan })} rowKey={(flow) => `${flow.row} ${flow.direction} ${flow.message}`} empty={t('conformance.none')} exportPath="/api/conformance/flows" fixed={{ plan }} size={15}
      filters={[
        { key: 'status', label: t('topology.state_name'), options: STATUSES.map((value) => ({ value, label: t(`conformance.status.${value}`) })) },
        { key: 'printed', label: t('conformance.source'), options: [{ value: 'true', label: t('conformance.paper') }, { value: 'false', label: t('conformance.others') }] },
      ]}
    />
  )
}
