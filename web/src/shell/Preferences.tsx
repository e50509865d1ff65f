import { useTranslation } from 'react-i18next'
import { usePreferences } from '../design/preferences'

/** Language, and large text for the resident. */
export function Preferences({ large: offer_large }: { large: boolean }) {
  const { t } = useTranslation()
  const { language, setLanguage, large, setLarge } = usePreferences()
  return (
    <span className="preferences">
      {offer_large && (
        <button type="button" aria-pressed={large} title={t('shell.large')} onClick={() => setLarge(!large)}>
          <span aria-hidden="true">{language === 'zh' ? '大字' : 'A+'}</span><span className="sr-only">{t('shell.large')}</span>
        </button>
      )}
      <button type="button" lang={language === 'zh' ? 'en' : 'zh-CN'} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>{language === 'zh' ? 'English' : '中文'}</button>
    </span>
  )
}
