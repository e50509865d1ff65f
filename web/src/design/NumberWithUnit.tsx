import { useTranslation } from 'react-i18next'
import type { Figure } from '../api/types'
import { AgeBadge } from './AgeBadge'
import { MISSING, numberText, unitText } from './format'
import { usePick } from './preferences'

interface Props {
  figure: Figure
  digits?: number
  size?: 'small' | 'normal' | 'large'
  /** Say the age under the number; off where a column or the page already says it. */
  age?: boolean
}

/** One number with its unit, how old it is and how much of it is estimated. Missing is a dash with the reason. */
export function NumberWithUnit({ figure, digits, size = 'normal', age = true }: Props) {
  const { t } = useTranslation()
  const pick = usePick()
  const missing = figure.value === null
  const estimated = figure.quality === 'estimated' || (figure.estimated_share ?? 0) > 0
  return (
    <span className={`number number-${size}`}>
      <span className={`number-value${estimated ? ' is-estimated' : ''}`}>
        {missing ? MISSING : numberText(figure.value, figure.unit, digits)}
        {!missing && figure.unit !== '1' && <span className="number-unit">{figure.unit === '%' ? '%' : ` ${unitText(figure.unit)}`}</span>}
      </span>
      {missing && <span className="number-note">{pick(figure.reason) || t('data.none_yet')}</span>}
      {!missing && estimated && <EstimatedNote share={figure.estimated_share} />}
      {!missing && (figure.quality === 'suspect' || figure.quality === 'edited') && <span className="number-note">{t(`quality.${figure.quality}`)}</span>}
      {age && figure.as_of && <AgeBadge at={figure.as_of} />}
    </span>
  )
}

export function EstimatedNote({ share }: { share: number | null }) {
  const { t } = useTranslation()
  return (
    <span className="number-note is-hatched">
      {share === null || share >= 1 ? t('quality.estimated') : t('data.estimated_share', { share: numberText(share * 100, '%', share < 0.1 ? 1 : 0) })}
    </span>
  )
}
