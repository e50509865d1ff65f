import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { healthQuery } from '../../api/queries'
import type { HealthState } from '../../api/types'
import { Card, PageFrame } from '../../design/PageFrame'
import { usePick } from '../../design/preferences'
import { StateTag, type Tone } from '../../design/StateTag'
import { StateView } from '../../design/StateView'

const TONES: Record<HealthState, Tone> = { up: 'good', degraded: 'late', down: 'bad' }

/** Does every system run, and what is the matter where it does not. */
export function HealthPage() {
  const { t } = useTranslation()
  const pick = usePick()
  const health = useQuery(healthQuery)
  return (
    <PageFrame title={t('nav.health')} as_of={health.data?.as_of}>
      <StateView query={health} height={320}>
        {(data) => (
          <div className="grid-2">
            {data.systems.map((system) => (
              <Card key={system.id} title={pick(system.name)} extra={<StateTag tone={TONES[system.state]}>{t(`health.${system.state}`)}</StateTag>}>
                <table className="plain-table">
                  <tbody>
                    {system.checks.map((check, index) => (
                      <tr key={index}><td>{pick(check.name)}</td><td className="muted">{pick(check.detail)}</td><td className="right"><StateTag tone={TONES[check.state]}>{t(`health.${check.state}`)}</StateTag></td></tr>
                    ))}
                  </tbody>
                </table>
              </Card>
            ))}
          </div>
        )}
      </StateView>
    </PageFrame>
  )
}
