import { useTranslation } from 'react-i18next'
import { useNow } from './clock'
import { ageOf, ageText, secondsText } from './format'
import { usePreferences } from './preferences'

/** How old a thing is on the business clock; the exact time is its title. Late ones say so in words. */
export function AgeBadge({ at, late_after_s }: { at: string; late_after_s?: number }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const now = useNow()
  const age = ageOf(at, now)
  const late = late_after_s !== undefined && (now - Date.parse(at)) / 1000 > late_after_s
  return (
    <time className={`age${late ? ' is-late' : ''}`} dateTime={at} title={secondsText(at)}>
      {age.unit === 'second' && age.amount < 5 ? t('data.just_now') : ageText(age, language)}
      {late && ` · ${t('data.late')}`}
    </time>
  )
}
