import { useTranslation } from 'react-i18next'

/** From one day to another, both included; a line ends between the days, never within one. */
export function DayRange({ first, last }: { first: string; last: string }) {
  const { t } = useTranslation()
  const parts = t('time.from_to', { start: first, end: last }).split(/(\d{4}-\d{2}-\d{2})/)
  return <>{parts.map((part, index) => (index % 2 === 1 ? <span key={index} className="nowrap">{part}</span> : part))}</>
}
