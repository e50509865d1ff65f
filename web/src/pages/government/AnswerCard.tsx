import { useTranslation } from 'react-i18next'
import { answerQuery, type AnswerRow, type Inquiry } from '../../api/views'
import { DataTable, type Column } from '../../design/DataTable'
import { exactText, instantText, MISSING, numberText, unitText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

/** The content of an answer, with its end; what is too small a group to be told is said so, never shown as zero. */
export function AnswerCard({ system, inquiry }: { system: string; inquiry: Inquiry }) {
  const { t } = useTranslation()
  const pick = usePick()
  const value = (row: AnswerRow) => (row.is_suppressed ? <StateTag tone="quiet">{t('view.suppressed')}</StateTag> : row.value === null ? MISSING : `${exactText(row.value)} ${unitText(row.unit === 'meters' ? '' : row.unit)}`)
  const columns: Column<AnswerRow>[] = [
    { key: 'period', title: t('view.period'), sortable: true, cell: (row) => row.period },
    { key: 'measure', title: t('view.measure'), cell: (row) => pick(row.measure_text) },
    ...(inquiry.is_personal ? [{ key: 'subject', title: t('view.subject'), sortable: true, cell: (row: AnswerRow) => row.subject ?? MISSING }] : [{ key: 'category', title: t('view.category'), cell: (row: AnswerRow) => (row.category_text ? pick(row.category_text) : MISSING) }]),
    { key: 'value', title: t('view.value'), right: true, cell: value },
    { key: 'subjects', title: t('view.subjects'), right: true, cell: (row) => numberText(row.subjects, '1') },
  ]
  const waits = inquiry.came < inquiry.pages
  return (
    <Card title={t('view.answer')} extra={<span className="muted">{t('view.readable_until', { time: instantText(inquiry.expires_at) })}</span>}>
      {waits && <p role="status" className="muted">{t('view.pages_came', { came: inquiry.came, pages: inquiry.pages })}</p>}
      <DataTable
        label={t('view.answer')} columns={columns} query={(query) => answerQuery(system, inquiry.id, query)} rowKey={(row) => `${row.period}/${row.measure}/${row.category}/${row.subject}`} empty={t('view.answer_empty')}
        exportPath={`/${system}/api/inquiries/${encodeURIComponent(inquiry.id)}/answer`} size={50}
      />
    </Card>
  )
}
