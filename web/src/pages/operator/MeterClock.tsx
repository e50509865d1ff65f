import { useTranslation } from 'react-i18next'
import type { Meter } from '../../api/types'
import { AgeBadge } from '../../design/AgeBadge'
import { MISSING, numberText } from '../../design/format'
import { KeyNumber } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag } from '../../design/StateTag'

const TONES = { right: 'good', off: 'bad', no_time: 'bad', unknown: 'quiet' } as const

/** How far the meter's clock is ahead (+) or behind (−), how exactly that is known, since when, and why not. */
export function MeterClock({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const pick = usePick()
  const { clock_drift_s: drift, clock_margin_s: margin } = meter
  const sign = drift !== null && drift > 0 ? '+' : ''
  return (
    <KeyNumber
      name={t('meter.clock_drift')}
      note={<>{meter.clock_checked_at && <AgeBadge at={meter.clock_checked_at} />}{meter.clock_note && <span className="muted"> {pick(meter.clock_note)}</span>}</>}
    >
      {drift === null ? MISSING : <span title={t('meter.clock_limit', { limit: meter.clock_limit_s })}>{sign}{numberText(drift, 's', 0)} s{margin !== null && margin >= 1 && <small className="muted"> ±{numberText(margin, 's', 0)}</small>}</span>}{' '}
      {meter.clock_state !== 'unknown' && <StateTag tone={TONES[meter.clock_state]}>{t(`meter.clock.${meter.clock_state}`)}</StateTag>}
    </KeyNumber>
  )
}
