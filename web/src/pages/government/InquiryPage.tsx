import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { change } from '../../api/client'
import { sessionQuery } from '../../api/queries'
import { inquiryAreasQuery, inquiryQuery, inquiryQuestionsQuery, type Inquiry } from '../../api/views'
import { AreaWords } from '../../design/AreaWords'
import { ConfirmDanger } from '../../design/ConfirmDanger'
import { DayRange } from '../../design/DayRange'
import { instantText, MISSING } from '../../design/format'
import { AboutTag } from '../../design/MediumTag'
import { NoticeMap } from '../../design/NoticeMap'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { AnswerCard } from './AnswerCard'
import { INQUIRY_TONES } from './InquiriesPage'
import { NewInquiry } from './NewInquiry'

/** One request: write it, see how it stands, read the answer until its use ends. */
export function InquiryPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const { system, request } = useParams({ strict: false }) as { system: string; request: string }
  const is_new = request === 'new'
  const known = useQuery({ ...inquiryQuery(system, request), enabled: !is_new, placeholderData: undefined })
  const areas = useQuery(inquiryAreasQuery(system))
  const questions = useQuery({ ...inquiryQuestionsQuery(system), enabled: is_new })
  const before = <Link to="/inquiries/$system" params={{ system }}>← {t('nav.inquiries')}</Link>
  return (
    <PageFrame title={is_new ? t('view.new') : known.data ? pick(known.data.what_text) : request} as_of={is_new ? null : known.data?.as_of} before={before} help={t('view.help')}>
      {is_new ? (
        <StateView query={areas} height={480}>{(map) => <StateView query={questions} height={480}>{(known) => <NewInquiry system={system} map={map} questions={known.questions.filter(({ purposes }) => purposes.length > 0)} />}</StateView>}</StateView>
      ) : (
        <StateView query={known} height={480}>
          {(inquiry) => (
            <>
              <Facts system={system} inquiry={inquiry} />
              {inquiry.is_readable ? <AnswerCard system={system} inquiry={inquiry} /> : <NoContent inquiry={inquiry} />}
              <StateView query={areas} height={320}>{(map) => <Card title={t('notice.where')}><NoticeMap map={map} areas={[{ id: inquiry.id, service: inquiry.service, area: inquiry.area, chosen: true }]} label={t('notice.map_label')} /></Card>}</StateView>
            </>
          )}
        </StateView>
      )}
    </PageFrame>
  )
}

/** Why there is nothing to read, with what the owner said of it. */
function NoContent({ inquiry }: { inquiry: Inquiry }) {
  const { t } = useTranslation()
  return (
    <Card title={t('view.answer')}>
      <p>{t(`view.no_content.${inquiry.state}`)}</p>
      {inquiry.decision_reason && <p>{t('view.owner_says', { reason: inquiry.decision_reason })}</p>}
    </Card>
  )
}

function Facts({ system, inquiry }: { system: string; inquiry: Inquiry }) {
  const { t } = useTranslation()
  const pick = usePick()
  const { data: session } = useQuery(sessionQuery)
  const [retracting, setRetracting] = useState(false)
  const may_retract = session?.rights.includes('inquiries.ask') && (inquiry.state === 'asked' || inquiry.state === 'approved')
  const facts: [string, ReactNode][] = [
    [t('view.number'), inquiry.id],
    [t('notice.medium'), <AboutTag key="about" about={inquiry.service} />],
    [t('notice.where'), <AreaWords key="area" area={inquiry.area} />],
    [t('view.days'), <DayRange key="days" first={inquiry.first_day} last={inquiry.last_day} />],
    [t('view.purpose'), pick(inquiry.purpose_text)],
    [t('view.reason'), inquiry.reason],
    [t('view.basis'), inquiry.legal_basis || MISSING],
    [t('view.asked'), `${instantText(inquiry.asked_at)} · ${inquiry.asked_by}`],
    [t('view.decided'), inquiry.decided_at ? `${instantText(inquiry.decided_at)} · ${inquiry.decision_reason ?? ''}` : MISSING],
    [t('view.expires'), instantText(inquiry.expires_at)],
  ]
  return (
    <Card
      title={<StateTag tone={INQUIRY_TONES[inquiry.state]}>{pick(inquiry.state_text)}</StateTag>}
      extra={may_retract && <Button danger onClick={() => setRetracting(true)}>{t('view.retract')}</Button>}
    >
      <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      {retracting && <Retract system={system} inquiry={inquiry} onClose={() => setRetracting(false)} />}
    </Card>
  )
}

function Retract({ system, inquiry, onClose }: { system: string; inquiry: Inquiry; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const retract = async () => {
    await change<Inquiry>('POST', `/${system}/api/inquiries/${encodeURIComponent(inquiry.id)}/retraction`)
    onClose()
    await client.invalidateQueries({ predicate: ({ meta }) => meta?.topics?.includes('inquiries') ?? false })
  }
  return <ConfirmDanger open title={t('view.retract')} effect={<p>{t('view.retract_effect')}</p>} needs_reason={false} action={t('view.retract')} onConfirm={retract} onClose={onClose} />
}
