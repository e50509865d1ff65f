import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { householdsQuery, todayQuery } from '../../api/queries'
import type { Alert, Today, TodayUsage } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { useNow } from '../../design/clock'
import { MISSING, numberText, shanghai } from '../../design/format'
import { LinkButton } from '../../design/LinkButton'
import { MediumTag } from '../../design/MediumTag'
import { Money } from '../../design/Money'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { Sparkline } from '../../design/Sparkline'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import './resident.css'

/** What do I owe, is anything wrong, what have I used today. */
export function TodayPage() {
  const { t } = useTranslation()
  const account = useParams({ strict: false }).account!
  const today = useQuery(todayQuery(account))
  const { data: households } = useQuery(householdsQuery)
  const household = households?.rows.find((row) => row.account === account)
  return (
    <PageFrame title={household?.address ?? t('nav.today')} as_of={today.data?.as_of} help={t('today.help')}>
      <StateView query={today} height={420}>
        {(data) => (
          <>
            <DueCard today={data} />
            <Alerts alerts={data.alerts} />
            <div className="grid-3">{data.usage.map((usage) => <UsageTile key={usage.service} usage={usage} account={account} />)}</div>
          </>
        )}
      </StateView>
    </PageFrame>
  )
}

function DueCard({ today }: { today: Today }) {
  const { t } = useTranslation()
  const nothing_due = today.payable_fen === 0
  return (
    <section className={`card due ${today.overdue ? 'is-overdue' : ''}`} aria-labelledby="due-name">
      <div>
        <h2 id="due-name">{t(nothing_due ? 'today.nothing_due' : 'today.due')}</h2>
        <p className="due-amount" data-testid="amount-due"><Money fen={today.payable_fen} strong /></p>
        {today.payable_fen === null && <p>{t('today.no_bill_yet')}</p>}
        {today.due_date && <DueDate date={today.due_date} overdue={today.overdue} />}
      </div>
      <div className="due-actions">
        {!nothing_due && today.payable_fen !== null && <LinkButton color="primary" variant="solid" size="large" to="/pay/$account" params={{ account: today.account }}>{t('today.pay')}</LinkButton>}
        {today.payable_fen !== null && <Link to="/bills/$account/$number" params={{ account: today.account, number: today.open_bill ?? 'latest' }}>{t('today.see_bill')}</Link>}
      </div>
    </section>
  )
}

function DueDate({ date, overdue }: { date: string; overdue: boolean }) {
  const { t } = useTranslation()
  const days = shanghai(`${date}T00:00:00+08:00`).diff(shanghai(useNow(60_000)).startOf('day'), 'day')
  const left = overdue ? t('today.overdue', { count: -days }) : days === 0 ? t('today.due_today') : t('today.days_left', { count: days })
  return <p className="row">{t('today.due_by', { date })} <StateTag tone={overdue ? 'bad' : days <= 3 ? 'late' : 'quiet'}>{left}</StateTag></p>
}

function Alerts({ alerts }: { alerts: Alert[] }) {
  const { t } = useTranslation()
  const pick = usePick()
  if (alerts.length === 0) return <p className="all-well"><StateTag tone="good">{t('today.all_well')}</StateTag></p>
  return (
    <ul className="alerts" aria-label={t('today.alerts')}>
      {alerts.map((alert) => (
        <li key={alert.id} className={`alert is-${alert.severity}`}>
          <div className="row">
            <StateTag tone={alert.severity === 'critical' ? 'bad' : alert.severity === 'warning' ? 'late' : 'busy'}>{t(`severity.${alert.severity}`)}</StateTag>
            <strong>{pick(alert.title)}</strong>
            {alert.service && <MediumTag service={alert.service} size={16} />}
          </div>
          <p>{pick(alert.detail)} <AgeBadge at={alert.at} /></p>
        </li>
      ))}
    </ul>
  )
}

function UsageTile({ usage, account }: { usage: TodayUsage; account: string }) {
  const { t } = useTranslation()
  return (
    <Card
      title={<MediumTag service={usage.service} size={20} />}
      extra={<Link to="/usage/$account" params={{ account }} search={{ service: usage.service }}>{t('today.more_of', { service: t(`service.${usage.service}`) })}</Link>}
    >
      <div className="tile-number">
        <span className="muted">{t('today.so_far')}</span>
        <NumberWithUnit figure={usage.today} size="large" />
      </div>
      <Sparkline series={usage.series} service={usage.service} />
      <p className="muted">{t('today.yesterday', { value: usage.same_time_yesterday.value === null ? MISSING : `${numberText(usage.same_time_yesterday.value, usage.today.unit)} ${usage.today.unit === 'm3' ? 'm³' : usage.today.unit}` })}</p>
    </Card>
  )
}
