import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { commandsQuery, commandSummaryQuery, METERING } from '../../api/queries'
import type { Command, CommandKind, CommandState } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { CommandStateTag } from '../../design/CommandTimeline'
import { DataTable, type Column } from '../../design/DataTable'
import { secondsText } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, KeyNumber, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'

const STATES: CommandState[] = ['awaiting_approval', 'queued', 'sent', 'answered', 'holding', 'finished']
const KINDS: CommandKind[] = ['read_on_demand', 'disconnect', 'limit_supply', 'reconnect', 'close_valve', 'open_valve', 'synchronize_clock', 'set_profile']

/** What was ordered of which meter, and how it ended. */
export function CommandsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const [state, setState] = useUrlState()
  const summary = useQuery(commandSummaryQuery)
  const columns: Column<Command>[] = [
    { key: 'kind', title: t('command.what'), cell: (command) => <Link to="/operator/commands/$command" params={{ command: command.id }}>{pick(command.kind_name)}</Link> },
    { key: 'meter_number', title: t('meter.number'), cell: (command) => <Link to="/operator/meters/$meter" params={{ meter: command.meter }}>{command.meter_number}</Link> },
    { key: 'service', title: t('map.medium'), cell: (command) => <MediumTag service={command.service} size={16} /> },
    { key: 'state', title: t('command.state_name'), cell: (command) => <CommandStateTag command={command} /> },
    { key: 'reason', title: t('confirm.reason'), cell: (command) => command.reason },
    { key: 'ordered_by', title: t('command.by'), cell: (command) => (command.approved_by ? t('command.by_two', { first: command.ordered_by, second: command.approved_by }) : command.ordered_by) },
    { key: 'created_at', title: t('command.created_at'), sortable: true, cell: (command) => <>{secondsText(command.created_at)} <AgeBadge at={command.created_at} /></> },
  ]
  return (
    <PageFrame title={t('nav.commands')} as_of={summary.data?.as_of} help={t('command.help')}>
      <StateView query={summary} height={90}>
        {(data) => (
          <div className="key-numbers">
            <KeyNumber name={t('command.answered_rate')}><NumberWithUnit figure={data.answered_rate} age={false} /></KeyNumber>
            <KeyNumber name={t('command.median')}><NumberWithUnit figure={data.median_s} age={false} /></KeyNumber>
            <KeyNumber name={t('command.waiting')}>{data.waiting}</KeyNumber>
            <KeyNumber name={t('command.state.awaiting_approval')}><button type="button" className="link-button" onClick={() => setState({ state: 'awaiting_approval' })}>{data.awaiting_approval}</button></KeyNumber>
            <KeyNumber name={t('command.outcome.unknown')} note={t('command.outcome_means.unknown')}>{data.unknown}</KeyNumber>
          </div>
        )}
      </StateView>
      <Card title={state.meter ? t('meter.only_of', { name: state.meter }) : undefined} extra={state.meter && <button type="button" className="link-button" onClick={() => setState({ meter: undefined })}>{t('meter.show_all')}</button>}>
        <DataTable
          label={t('nav.commands')} columns={columns} query={commandsQuery} rowKey={(command) => command.id} empty={t('command.none')} exportPath={`/${METERING}/api/commands`} fixed={{ meter: state.meter }}
          filters={[
            { key: 'state', label: t('command.state_name'), options: STATES.map((value) => ({ value, label: t(`command.state.${value}`) })) },
            { key: 'kind', label: t('command.what'), options: KINDS.map((value) => ({ value, label: t(`command.kind.${value}`) })) },
          ]}
        />
      </Card>
    </PageFrame>
  )
}
