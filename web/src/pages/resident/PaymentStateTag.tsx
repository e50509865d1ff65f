import { useTranslation } from 'react-i18next'
import type { PaymentState } from '../../api/types'
import { StateTag, type Tone } from '../../design/StateTag'

const TONES: Record<PaymentState, Tone> = { pending: 'busy', succeeded: 'good', failed: 'bad', expired: 'late', refunded: 'quiet', part_refunded: 'quiet' }

export function PaymentStateTag({ state }: { state: PaymentState }) {
  const { t } = useTranslation()
  return <StateTag tone={TONES[state]}>{t(`pay.state.${state}`)}</StateTag>
}
