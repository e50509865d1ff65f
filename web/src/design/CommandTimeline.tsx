import { useTranslation } from 'react-i18next'
import type { Command, CommandStepName } from '../api/types'
import { secondsText } from './format'
import { usePick } from './preferences'
import { StateTag, type Tone } from './StateTag'

const PLANNED: CommandStepName[] = ['ordered', 'approved', 'queued', 'sent', 'answered', 'holding', 'read_back', 'finished']
const TONES: Record<NonNullable<Command['outcome']>, Tone> = { done: 'good', refused: 'bad', expired: 'late', unknown: 'late' }

/** From the order to the confirmed end: what happened, when, by whom, and what is still to come. */
export function CommandTimeline({ command }: { command: Command }) {
  const { t } = useTranslation()
  const pick = usePick()
  const reached = new Set(command.steps.map((step) => step.step))
  const coming = command.state === 'finished' ? [] : PLANNED.filter((step) => !reached.has(step) && belongs(step, command))
  return (
    <div>
      <ol className="timeline" aria-label={t('command.timeline')}>
        {command.steps.map((step, index) => (
          <li key={index} className={`reached${index === command.steps.length - 1 ? ' newest' : ''}`}>
            <strong>{t(`command.step.${step.step}`)}</strong>
            <time dateTime={step.at}>{secondsText(step.at)}</time>
            {step.by && <span>{step.by}</span>}
            {step.detail && <p>{pick(step.detail)}</p>}
          </li>
        ))}
        {coming.map((step) => <li key={step} className="coming">{t(`command.step.${step}`)}</li>)}
      </ol>
      <CommandOutcome command={command} />
    </div>
  )
}

export function CommandOutcome({ command }: { command: Command }) {
  const { t } = useTranslation()
  const pick = usePick()
  if (command.outcome === null) return null
  return (
    <div className="outcome">
      <StateTag tone={TONES[command.outcome]}>{t(`command.outcome.${command.outcome}`)}</StateTag>
      <span>{pick(command.outcome_detail) || t(`command.outcome_means.${command.outcome}`)}</span>
    </div>
  )
}

export function CommandStateTag({ command }: { command: Command }) {
  const { t } = useTranslation()
  if (command.outcome) return <StateTag tone={TONES[command.outcome]}>{t(`command.outcome.${command.outcome}`)}</StateTag>
  return <StateTag tone={command.state === 'awaiting_approval' ? 'late' : 'busy'}>{t(`command.state.${command.state}`)}</StateTag>
}

const belongs = (step: CommandStepName, command: Command): boolean =>
  step === 'approved' ? command.needs_approval : step === 'read_back' ? command.kind !== 'read_on_demand' : step === 'holding' ? command.minutes !== null : true
