import { useTranslation } from 'react-i18next'

/** What a form still needs before it can be sent, by the names of its fields: why its button cannot be pressed yet. */
export function StillNeeded({ names }: { names: string[] }) {
  const { t } = useTranslation()
  return <p role="status" className="muted">{names.length > 0 && t('state.still_needed', { what: names.join(t('topology.and')) })}</p>
}
