import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { METERING, metersQuery } from '../../api/queries'
import type { MeterRow } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { DataTable, type Column } from '../../design/DataTable'
import { MISSING } from '../../design/format'
import { MediumTag } from '../../design/MediumTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { ServiceSwitch, useService } from '../../design/ServiceSwitch'
import { useUrlState } from '../../design/urlState'
import { MeterStateTag } from './TerminalStateTag'

const STATES: MeterRow['state'][] = ['normal', 'silent', 'off', 'fault', 'exchanged']

/** Find a meter. */
export function MetersPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const service = useService()
  const [state, setState] = useUrlState()
  const columns: Column<MeterRow>[] = [
    { key: 'number', title: t('meter.number'), sortable: true, cell: (meter) => <Link to="/operator/meters/$meter" params={{ meter: meter.id }}>{meter.number}</Link> },
    { key: 'service', title: t('map.medium'), cell: (meter) => <MediumTag service={meter.service} size={16} /> },
    { key: 'address', title: t('meter.address'), wrap: 13, cell: (meter) => meter.address },
    { key: 'area_name', title: t('meter.area'), wrap: 9, cell: (meter) => pick(meter.area_name) || MISSING },
    { key: 'model', title: t('meter.model'), wrap: 13, cell: (meter) => <span className="muted">{pick(meter.model_name)}</span> },
    { key: 'state', title: t('meter.state_name'), cell: (meter) => <MeterStateTag state={meter.state} /> },
    { key: 'register', title: t('meter.register'), right: true, cell: (meter) => <NumberWithUnit figure={meter.register} size="small" age={false} /> },
    { key: 'last_read_at', title: t('meter.last_read'), sortable: true, cell: (meter) => (meter.last_read_at ? <AgeBadge at={meter.last_read_at} late_after_s={7200} /> : MISSING) },
  ]
  const narrowed = state.area ?? state.terminal
  return (
    <PageFrame title={t('nav.meters')} actions={<ServiceSwitch />}>
      <Card extra={narrowed && <button type="button" className="link-button" onClick={() => setState({ area: undefined, terminal: undefined })}>{t('meter.show_all')}</button>} title={narrowed ? t('meter.only_of', { name: narrowed }) : undefined}>
        <DataTable
          aged label={t('nav.meters')} columns={columns} query={metersQuery} rowKey={(meter) => meter.id} empty={t('meter.none')} exportPath={`/${METERING}/api/meters`} search={t('meter.search')}
          fixed={{ service, area: state.area, terminal: state.terminal }} filters={[{ key: 'state', label: t('meter.state_name'), options: STATES.map((value) => ({ value, label: t(`meter.state.${value}`) })) }]}
        />
      </Card>
    </PageFrame>
  )
}
