import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SupplyLimit } from '../../api/types'
import { instantText } from '../../design/format'
import { StateTag, type Tone } from '../../design/StateTag'
import { durationText } from './duration'

const TONES: Record<SupplyLimit['state'], Tone> = { sent: 'busy', off: 'busy', due: 'late', late: 'bad', unknown: 'late' }

/** A cut that ends by itself: until when, and what to do when it did not. */
export function MeterLimit({ limit }: { limit: SupplyLimit }) {
  const { t } = useTranslation()
  const time = instantText(limit.back_by ?? limit.back_at_latest)
  return (
    <div style={{ fontSize: '0.85rem', fontWeight: 450, lineHeight: 1.4, marginTop: '0.25rem' }}>
      <StateTag tone={TONES[limit.state]}>{t('meter.limit.name', { duration: durationText(t, limit.minutes) })}</StateTag>
      <br />
      <Link to="/operator/commands/$command" params={{ command: limit.command }}>{t(`meter.limit.${limit.state}`, { time, latest: instantText(limit.back_at_latest) })}</Link>
    </div>
  )
}
