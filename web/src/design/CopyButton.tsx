import { useState } from 'react'
import { useTranslation } from 'react-i18next'

type Outcome = 'none' | 'copied' | 'failed'

/** Puts text on the clipboard and says whether it did: a page without a secure address may have none. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const { t } = useTranslation()
  const [outcome, setOutcome] = useState<Outcome>('none')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      setOutcome('copied')
    } catch {
      setOutcome('failed')
    }
  }
  return (
    <span className="row">
      <button type="button" className="export" aria-label={label} onClick={() => void copy()}>{t('copy.do')}</button>
      <span role="status" className={outcome === 'failed' ? 'copy-failed' : 'muted'}>{outcome !== 'none' && t(`copy.${outcome}`)}</span>
    </span>
  )
}
