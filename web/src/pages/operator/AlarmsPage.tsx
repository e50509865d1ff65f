import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { alarmsQuery, METERING } from '../../api/queries'
import type { Alarm } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { OpenWorkOrder } from './OpenWorkOrder'

/** What has gone wrong and is not yet over. */
export function AlarmsPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const columns: Column<Alarm>[] = [
    { key: 'name', title: t('alarm.name'), cell: (alarm) => pick(alarm.name) },
    { key: 'severity', title: t('alarm.severity'), sortable: true, cell: (alarm) => <StateTag tone={alarm.severity === 'critical' ? 'bad' : alarm.severity === 'warning' ? 'late' : 'busy'}>{t(`severity.${alarm.severity}`)}</StateTag> },
    { key: 'at', title: t('alarm.at'), sortable: true, cell: (alarm) => <>{instantText(alarm.at)} <AgeBadge at={alarm.at} /></> },
    { key: 'state', title: t('alarm.state_name'), cell: (alarm) => <StateTag tone={alarm.state === 'open' ? 'late' : 'quiet'}>{t(`alarm.state.${alarm.state}`)}</StateTag> },
    { key: 'meter', title: t('alarm.where'), cell: (alarm) => (alarm.meter ? <Link to="/operator/meters/$meter" params={{ meter: alarm.meter }}>{pick(alarm.where)}</Link> : pick(alarm.where)) },
    { key: 'orders', title: t('nav.work_orders'), cell: (alarm) => <OrderFrom alarm={alarm} /> },
  ]
  return (
    <PageFrame title={t('nav.alarms')}>
      <Card>
        <DataTable
          aged label={t('nav.alarms')} columns={columns} query={alarmsQuery} rowKey={(alarm) => alarm.id} empty={t('alarm.none')} exportPath={`/${METERING}/api/alarms`}
          filters={[{ key: 'state', label: t('alarm.state_name'), options: (['open', 'closed'] as const).map((value) => ({ value, label: t(`alarm.state.${value}`) })) }]}
        />
      </Card>
    </PageFrame>
  )
}

function OrderFrom({ alarm }: { alarm: Alarm }) {
  const device = alarm.meter ?? alarm.terminal
  return device ? <OpenWorkOrder devices={[device]} kind={alarm.meter ? 'meter_fault' : 'no_contact'} alarm={alarm.id} size="small" /> : null
}
