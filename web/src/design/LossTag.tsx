import { useTranslation } from 'react-i18next'
import type { LossState } from '../api/types'
import { StateTag, type Tone } from './StateTag'

const TONES: Record<LossState, Tone> = { good: 'good', late: 'late', bad: 'bad', negative: 'bad', unknown: 'quiet' }
const STATES = Object.keys(TONES) as LossState[]

/** How a loss rate stands against its target band. */
export function LossTag({ state }: { state: LossState }) {
  const { t } = useTranslation()
  return <StateTag tone={TONES[state]}>{t(`map.loss_state.${state}`)}</StateTag>
}

/** All that a loss rate can be. */
export function LossLegend() {
  return STATES.map((state) => <LossTag key={state} state={state} />)
}
