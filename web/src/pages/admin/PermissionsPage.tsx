import { useQuery } from '@tanstack/react-query'
import { Input, Segmented, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { whyChoicesQuery, whyPersonQuery, whySystemQuery, type Why, type WhyChoices } from '../../api/trust'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'
import { Empty, StateView } from '../../design/StateView'
import { useUrlState } from '../../design/urlState'
import './admin.css'

const OF = ['system', 'person'] as const

/** Why can X see Y: the chain of row, role, grant and consent, or where it breaks. */
export function PermissionsPage() {
  const { t } = useTranslation()
  const [state, setState] = useUrlState()
  const choices = useQuery(whyChoicesQuery)
  const of = OF.find((known) => known === state.of) ?? 'system'
  return (
    <PageFrame title={t('nav.permissions')} help={t('why.help')}>
      <Segmented aria-label={t('why.of_whom')} value={of} options={OF.map((value) => ({ value, label: t(`why.${value}`) }))} onChange={(value) => setState({ of: value })} />
      <StateView query={choices} height={240}>{(known) => (of === 'system' ? <OfSystem choices={known} /> : <OfPerson choices={known} />)}</StateView>
    </PageFrame>
  )
}

function OfSystem({ choices }: { choices: WhyChoices }) {
  const { t } = useTranslation()
  const named = useNamed()
  const [{ system, message }, setState] = useUrlState()
  const why = useQuery({ ...whySystemQuery(system ?? '', message ?? ''), enabled: !!system && !!message })
  return (
    <Card title={t('why.question_system')}>
      <div className="pair">
        <div><span>{t('why.system')}</span><Select showSearch optionFilterProp="label" aria-label={t('why.system')} placeholder={t('why.system')} value={system} options={named(choices.systems)} onChange={(value) => setState({ system: value })} /></div>
        <div><span>{t('why.message')}</span><Select showSearch optionFilterProp="label" aria-label={t('why.message')} placeholder={t('why.message')} value={message} options={named(choices.messages)} onChange={(value) => setState({ message: value })} /></div>
      </div>
      {system && message ? <StateView query={why} height={160}>{(answer) => <Chain why={answer} />}</StateView> : <Empty reason={t('why.choose_system')} />}
    </Card>
  )
}

function OfPerson({ choices }: { choices: WhyChoices }) {
  const { t } = useTranslation()
  const pick = usePick()
  const [{ login, action, scope }, setState] = useUrlState()
  const why = useQuery({ ...whyPersonQuery(login ?? '', { action, scope }), enabled: !!login && !!action && !!scope })
  const named = useNamed()
  const plain = (rows: string[]) => rows.map((value) => ({ value, label: value }))
  return (
    <Card title={t('why.question_person')}>
      <div className="pair">
        <div><span>{t('why.person')}</span><Select showSearch aria-label={t('why.person')} placeholder={t('why.person')} value={login} options={plain(choices.people)} onChange={(value) => setState({ login: value })} /></div>
        <div><span>{t('why.action')}</span><Select showSearch optionFilterProp="label" aria-label={t('why.action')} placeholder={t('why.action')} value={action} options={named(choices.actions)} onChange={(value) => setState({ action: value })} /></div>
        <div><span>{t('why.on_system')}</span><Select showSearch optionFilterProp="label" aria-label={t('why.on_system')} placeholder={t('why.on_system')} value={scope?.startsWith('system:') ? scope : undefined} options={choices.systems.map(({ id, name }) => ({ value: `system:${id}`, label: pick(name) }))} onChange={(value: string) => setState({ scope: value })} /></div>
        <div><span>{t('why.on_account')}</span><Input.Search key={scope} aria-label={t('why.on_account')} defaultValue={scope?.startsWith('account:') ? scope.slice(8) : ''} onSearch={(value) => setState({ scope: value ? `account:${value}` : undefined })} /></div>
      </div>
      {login && action && scope ? <StateView query={why} height={160}>{(answer) => <Chain why={answer} />}</StateView> : <Empty reason={t('why.choose_person')} />}
    </Card>
  )
}

/** What there is to choose from, by name and code. */
function useNamed() {
  const pick = usePick()
  return (rows: WhyChoices['systems']) => rows.map(({ id, name }) => ({ value: id, label: `${pick(name)} (${id})` }))
}

/** The verdict, and each link that holds or breaks. */
function Chain({ why }: { why: Why }) {
  const { t } = useTranslation()
  const pick = usePick()
  return (
    <>
      <p role="status" className="verdict"><StateTag tone={why.can ? 'good' : 'bad'}>{pick(why.verdict)}</StateTag></p>
      <ol className="timeline" aria-label={t('why.chain')}>
        {why.steps.map((step, index) => (
          <li key={index}>
            <strong>{t(`why.kind.${step.kind}`)}</strong> <StateTag tone={step.holds ? 'good' : 'quiet'}>{t(step.holds ? 'why.holds' : 'why.holds_not')}</StateTag>
            <p>{pick(step.text)}</p>
          </li>
        ))}
      </ol>
    </>
  )
}
