import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { disclosuresQuery, type DisclosureRow, type DisclosureState } from '../../api/views'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING } from '../../design/format'
import { AboutTag } from '../../design/MediumTag'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'

export const DISCLOSURE_TONES: Record<DisclosureState, Tone> = { waiting: 'late', half_approved: 'busy', approved: 'good', refused: 'bad', withdrawn: 'quiet', revoked: 'bad', lapsed: 'quiet' }

/** Who asks to look into our books, and what we said. */
export function DisclosuresPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const columns: Column<DisclosureRow>[] = [
    { key: 'what', title: t('view.what'), sortable: true, wrap: 13, cell: (row) => <Link to="/disclosures/$system/$asker/$request" params={{ system, asker: row.asker, request: row.id }}>{pick(row.what_text)}</Link> },
    { key: 'state', title: t('view.state'), sortable: true, cell: (row) => <StateTag tone={DISCLOSURE_TONES[row.state]}>{pick(row.state_text)}</StateTag> },
    { key: 'party', title: t('view.party'), wrap: 11, cell: (row) => <>{pick(row.party_name)}<div className="muted">{row.requested_by}</div></> },
    { key: 'service', title: t('notice.medium'), sortable: true, cell: (row) => <AboutTag about={row.service} /> },
    { key: 'is_personal', title: t('view.level'), sortable: true, cell: (row) => t(row.is_personal ? 'view.households' : 'view.sums') },
    { key: 'purpose', title: t('view.purpose'), sortable: true, cell: (row) => pick(row.purpose_text) },
    { key: 'heard_at', title: t('view.heard'), sortable: true, cell: (row) => instantText(row.heard_at) },
    { key: 'decided_at', title: t('view.decided'), sortable: true, cell: (row) => (row.decided_at ? <>{row.decided_by}<div className="muted">{instantText(row.decided_at)}</div></> : MISSING) },
  ]
  return (
    <PageFrame title={t('nav.disclosures')} help={t('view.owner_help')}>
      <Card>
        <DataTable
          aged label={t('nav.disclosures')} columns={columns} query={(query) => disclosuresQuery(system, query)} rowKey={(row) => `${row.asker}/${row.id}`} empty={t('view.none_heard')} exportPath={`/${system}/api/disclosures`}
          filters={[{ key: 'state', label: t('view.state'), options: (Object.keys(DISCLOSURE_TONES) as DisclosureState[]).map((value) => ({ value, label: t(`view.disclosure.${value}`) })) }]}
        />
      </Card>
    </PageFrame>
  )
}
