import { useTranslation } from 'react-i18next'
import type { Loss } from '../../api/types'
import { numberText } from '../../design/format'
import { LossTag } from '../../design/LossTag'
import { NumberWithUnit } from '../../design/NumberWithUnit'

/** The business day a loss rate is of, and how it stands; nothing without a rate, whose reason the number says. */
export function LossNote({ loss }: { loss: Loss }) {
  if (loss.rate.value === null) return null
  return <span className="row loss-note">{loss.day}<LossTag state={loss.state} /></span>
}

/** Loss of an area: rate, what was lost, and what it was worked out from. */
export function LossFacts({ loss }: { loss: Loss }) {
  const { t } = useTranslation()
  const known = loss.rate.value !== null
  return (
    <>
      <div>
        <dt>{t(`map.loss_of.${loss.service}`)}</dt>
        <dd><NumberWithUnit figure={loss.rate} age={false} /><LossNote loss={loss} /></dd>
      </div>
      {known && (['lost', 'supplied', 'sold'] as const).map((part) => (
        <div key={part}><dt>{t(`map.${part}`)}</dt><dd><NumberWithUnit figure={loss[part]} age={false} /></dd></div>
      ))}
      {known && (
        <div className="whole-row muted">
          {t('map.loss_from', { known: loss.meters_with_data, total: loss.meters })}
          {loss.areas > 1 && ` ${t('map.loss_areas', { known: loss.areas_with_rate, total: loss.areas })}`}
          {loss.target_percent !== null && ` ${t('map.loss_target', { target: numberText(loss.target_percent, '%'), limit: numberText(loss.limit_percent, '%') })}`}
        </div>
      )}
    </>
  )
}
