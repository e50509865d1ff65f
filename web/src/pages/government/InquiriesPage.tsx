import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { sessionQuery } from '../../api/queries'
import { inquiriesQuery, type InquiryRow, type InquiryState } from '../../api/views'
import { DayRange } from '../../design/DayRange'
import { DataTable, type Column } from '../../design/DataTable'
import { instantText, MISSING } from '../../design/format'
import { LinkButton } from '../../design/LinkButton'
import { AboutTag } from '../../design/MediumTag'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'

export const INQUIRY_TONES: Record<InquiryState, Tone> = { asked: 'late', approved: 'good', refused: 'bad', revoked: 'bad', withdrawn: 'quiet', expired: 'quiet' }

/** What we asked to look into at others, and what became of it. */
export function InquiriesPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const system = useParams({ strict: false }).system!
  const { data: session } = useQuery(sessionQuery)
  const columns: Column<InquiryRow>[] = [
    { key: 'what', title: t('view.what'), sortable: true, wrap: 12, cell: (row) => <Link to="/inquiries/$system/$request" params={{ system, request: row.id }}>{pick(row.what_text)}</Link> },
    { key: 'state', title: t('view.state'), sortable: true, cell: (row) => <StateTag tone={INQUIRY_TONES[row.state]}>{pick(row.state_text)}</StateTag> },
    { key: 'service', title: t('notice.medium'), sortable: true, cell: (row) => <AboutTag about={row.service} /> },
    { key: 'first_day', title: t('view.days'), sortable: true, wrap: 8, cell: (row) => <DayRange first={row.first_day} last={row.last_day} /> },
    { key: 'purpose', title: t('view.purpose'), sortable: true, wrap: 7, cell: (row) => pick(row.purpose_text) },
    { key: 'asked_at', title: t('view.asked'), sortable: true, wrap: 8, cell: (row) => <>{instantText(row.asked_at)}<div className="muted">{row.asked_by}</div></> },
    { key: 'decided_at', title: t('view.decided'), sortable: true, wrap: 6, cell: (row) => (row.decided_at ? instantText(row.decided_at) : MISSING) },
    { key: 'expires_at', title: t('view.expires'), sortable: true, wrap: 6, cell: (row) => instantText(row.expires_at) },
  ]
  const may_ask = session?.rights.includes('inquiries.ask')
  return (
    <PageFrame
      title={t('nav.inquiries')} help={t('view.help')}
      actions={may_ask && <LinkButton color="primary" variant="solid" to="/inquiries/$system/$request" params={{ system, request: 'new' }}>{t('view.new')}</LinkButton>}
    >
      <Card>
        <DataTable
          aged label={t('nav.inquiries')} columns={columns} query={(query) => inquiriesQuery(system, query)} rowKey={(row) => row.id} empty={t('view.none')} exportPath={`/${system}/api/inquiries`}
          filters={[{ key: 'state', label: t('view.state'), options: (Object.keys(INQUIRY_TONES) as InquiryState[]).map((value) => ({ value, label: t(`view.inquiry.${value}`) })) }]}
        />
      </Card>
    </PageFrame>
  )
}
