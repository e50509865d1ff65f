import { useTranslation } from 'react-i18next'
import type { BillState } from '../../api/types'
import { StateTag, type Tone } from '../../design/StateTag'

const TONES: Record<BillState, Tone> = { open: 'busy', part_paid: 'late', paid: 'good', overdue: 'bad', replaced: 'quiet' }

export function BillStateTag({ state }: { state: BillState }) {
  const { t } = useTranslation()
  return <StateTag tone={TONES[state]}>{t(`bill.state.${state}`)}</StateTag>
}
