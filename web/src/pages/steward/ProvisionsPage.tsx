import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { siteQuery } from '../../api/queries'
import { provisionsQuery, type Provision } from '../../api/views'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING, numberText, secondsText } from '../../design/format'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

/** Columns of what was given to whom; a resident and an owner read the same. */
export function useProvisionColumns(): Column<Provision>[] {
  const { t } = useTranslation()
  const pick = usePick()
  const { data: site } = useQuery(siteQuery)
  const allower = ({ allowed_by }: Provision) => {
    const system = site?.systems.find(({ id }) => id === allowed_by)
    return allowed_by === 'residents' ? t('view.by_household') : system ? pick(system.name) : allowed_by.split(' ').join(t('topology.and'))
  }
  return [
    { key: 'given_at', title: t('view.given'), sortable: true, wrap: 6, cell: (row) => secondsText(row.given_at) },
    { key: 'party_name', title: t('view.to_whom'), wrap: 8, cell: (row) => pick(row.party_name) },
    { key: 'what', title: t('view.what'), sortable: true, wrap: 9, cell: (row) => <>{pick(row.what_text)}<div className="muted">{pick(row.fields_text)}</div></> },
    { key: 'purpose', title: t('view.purpose'), sortable: true, wrap: 7, cell: (row) => pick(row.purpose_text) },
    { key: 'legal_basis', title: t('view.basis'), wrap: 10, cell: (row) => <>{row.legal_basis === 'consent' ? t('view.by_consent') : row.legal_basis || MISSING}<div className="muted">{row.agreement}</div></> },
    { key: 'rows', title: t('view.rows'), right: true, sortable: true, cell: (row) => numberText(row.rows, '1') },
    { key: 'subjects', title: t('view.subjects'), right: true, sortable: true, cell: (row) => numberText(row.subjects, '1') },
    { key: 'allowed_by', title: t('view.allowed_by'), wrap: 5.5, cell: allower },
    { key: 'ends_at', title: t('view.expires'), sortable: true, wrap: 6, cell: (row) => (row.withheld_at ? <StateTag tone="bad">{t('view.withheld')}</StateTag> : row.ends_at ? instantText(row.ends_at) : MISSING) },
  ]
}

/** Access history: what left our books, to whom, on what ground. */
export function ProvisionsPage() {
  const { t } = useTranslation()
  const system = useParams({ strict: false }).system!
  const columns = useProvisionColumns()
  return (
    <PageFrame title={t('nav.provisions')} help={t('view.history_help')}>
      <Card>
        <DataTable aged label={t('nav.provisions')} columns={columns} query={(query) => provisionsQuery(system, query)} rowKey={(row) => row.id} empty={t('view.nothing_given')} exportPath={`/${system}/api/provisions`} />
      </Card>
    </PageFrame>
  )
}
