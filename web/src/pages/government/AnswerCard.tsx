import { useTranslation } from 'react-i18next'
import { answerQuery, type AnswerRow, type Inquiry } from '../../api/views'
import { DataTable, type Column } from '../../design/DataTable'
import { amountText, instantText, MISSING, numberText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { PREMISES } from './inquiryWish'

/** The content of an answer, with its end; what is too small a group to be told is said so, never shown as zero. */
export function AnswerCard({ system, inquiry }: { system: string; inquiry: Inquiry }) {
  const { t } = useTranslation()
  const sums = useSums(inquiry)
  const households = useHouseholds()
  const views = useViews(inquiry)
  const premises = inquiry.service === PREMISES
  const columns = premises ? views : inquiry.is_personal ? households : sums
  const waits = inquiry.came < inquiry.pages
  return (
    <Card title={t('view.answer')} extra={<span className="muted">{t('view.readable_until', { time: instantText(inquiry.expires_at) })}</span>}>
      {waits && <p role="status" className="muted">{t('view.pages_came', { came: inquiry.came, pages: inquiry.pages })}</p>}
      {premises && <p className="effect">{t('view.how_to_view')}</p>}
      <DataTable
        aged label={t('view.answer')} columns={columns} query={(query) => answerQuery(system, inquiry.id, query)} rowKey={(row) => `${row.period}/${row.measure}/${row.category}/${row.subject}`} empty={t('view.answer_empty')}
        exportPath={`/${system}/api/inquiries/${encodeURIComponent(inquiry.id)}/answer`} size={50}
      />
    </Card>
  )
}

/** Of sums: by kind of customer, with how many stand behind each. */
function useSums({ what }: Inquiry): Column<AnswerRow>[] {
  const { t } = useTranslation()
  const pick = usePick()
  return [
    ...useValues(),
    { key: 'category', title: t('view.category'), cell: (row) => (row.category_text ? pick(row.category_text) : MISSING) },
    useValue(),
    { key: 'subjects', title: t(what === 'charging_by_day' ? 'view.drivers' : 'view.subjects'), right: true, cell: (row) => numberText(row.subjects, '1') },
  ]
}

/** Of single households: whose each row is. */
function useHouseholds(): Column<AnswerRow>[] {
  const { t } = useTranslation()
  return [...useValues(), { key: 'subject', title: t('view.subject'), sortable: true, cell: (row) => row.subject ?? MISSING }, useValue()]
}

/** Of a view that a community shows: under which reference, of how many cameras or doors, of which day. */
function useViews({ what, expires_at }: Inquiry): Column<AnswerRow>[] {
  const { t } = useTranslation()
  return [
    { key: 'subject', title: t('view.reference'), sortable: true, cell: (row) => <strong>{row.subject ?? MISSING}</strong> },
    { key: 'value', title: t(what === 'camera_view' ? 'view.cameras' : 'view.doors'), cell: (row) => numberText(row.value, '1') },
    { key: 'period', title: t('time.date'), sortable: true, cell: (row) => row.period },
    { key: 'until', title: t('view.shown_until'), cell: () => instantText(expires_at) },
  ]
}

function useValues(): Column<AnswerRow>[] {
  const { t } = useTranslation()
  const pick = usePick()
  return [
    { key: 'period', title: t('view.period'), sortable: true, cell: (row) => row.period },
    { key: 'measure', title: t('view.measure'), cell: (row) => pick(row.measure_text) },
  ]
}

function useValue(): Column<AnswerRow> {
  const { t } = useTranslation()
  const said = (row: AnswerRow) => amountText(row.value, row.unit === 'meters' ? '' : row.unit)
  return { key: 'value', title: t('view.value'), right: true, cell: (row) => (row.is_suppressed ? <StateTag tone="quiet">{t('view.suppressed')}</StateTag> : said(row)) }
}
