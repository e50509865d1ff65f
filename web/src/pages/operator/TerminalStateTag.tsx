import { useTranslation } from 'react-i18next'
import type { MeterRow, Terminal } from '../../api/types'
import { StateTag, type Tone } from '../../design/StateTag'

const TERMINAL: Record<Terminal['state'], Tone> = { online: 'good', silent: 'bad', never_seen: 'quiet' }
const METER: Record<MeterRow['state'], Tone> = { normal: 'good', silent: 'late', off: 'quiet', fault: 'bad', exchanged: 'quiet' }

export function TerminalStateTag({ state }: { state: Terminal['state'] }) {
  const { t } = useTranslation()
  return <StateTag tone={TERMINAL[state]}>{t(`terminal.state.${state}`)}</StateTag>
}

export function MeterStateTag({ state }: { state: MeterRow['state'] }) {
  const { t } = useTranslation()
  return <StateTag tone={METER[state]}>{t(`meter.state.${state}`)}</StateTag>
}
