import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { exchangesQuery, sessionQuery } from '../../api/queries'
import type { Meter, MeterExchange } from '../../api/types'
import { exactText, instantText } from '../../design/format'
import { Card } from '../../design/PageFrame'
import { StateTag } from '../../design/StateTag'
import { StateView } from '../../design/StateView'
import { ExchangeDialog } from './ExchangeDialog'

/** The meters of this usage point in turn, with the registers at which they were put in and taken out, and every correction. */
export function MeterHistory({ meter }: { meter: Meter }) {
  const { t } = useTranslation()
  const exchanges = useQuery(exchangesQuery(meter.id))
  const { data: session } = useQuery(sessionQuery)
  const [corrected, setCorrected] = useState<MeterExchange | null>(null)
  const may_correct = session?.rights.includes('meters.exchange') ?? false
  const since = meter.installations.map(({ from, to, multiplier, usage_point }) => (
    <div key={from} className="between"><span>{meter.number} · {usage_point} · ×{multiplier}</span><span className="muted">{instantText(from)} – {to ? instantText(to) : t('exchange.now')}</span></div>
  ))
  return (
    <Card title={t('exchange.history')}>
      <div className="stack">
        {since}
        <StateView query={exchanges} empty={(data) => (data.rows.length === 0 ? t('exchange.none') : null)}>
          {(data) => (
            <div className="scroll-x" tabIndex={0} role="region" aria-label={t('exchange.history')}>
              <table className="plain-table">
                <thead><tr>{(['at', 'old', 'final', 'new', 'start', 'reason', 'by', 'state'] as const).map((name) => <th key={name} scope="col">{t(`exchange.${name}`)}</th>)}</tr></thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={`${row.id}-${row.version}`} style={row.is_current ? undefined : { opacity: 0.65 }}>
                      <td className="nowrap">{instantText(row.at)}</td>
                      <td><Link to="/operator/meters/$meter" params={{ meter: row.old_meter }}>{row.old_number}</Link></td>
                      <td className="nowrap">{exactText(row.final_register)} {row.unit} <span className="muted">{t(`exchange.source.${row.final_source}`)}</span></td>
                      <td><Link to="/operator/meters/$meter" params={{ meter: row.new_meter }}>{row.new_number}</Link></td>
                      <td className="nowrap">{exactText(row.start_register)} {row.unit}</td>
                      <td>{row.reason}</td>
                      <td className="nowrap">{row.recorded_by} · {instantText(row.recorded_at)}</td>
                      <td className="nowrap">
                        {row.is_current ? <StateTag tone="good">{t('exchange.version', { number: row.version })}</StateTag> : <StateTag tone="quiet">{t('exchange.replaced', { number: row.version })}</StateTag>}
                        {row.is_current && may_correct && <Button type="link" size="small" onClick={() => setCorrected(row)}>{t('exchange.correct')}</Button>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </StateView>
      </div>
      {corrected && <ExchangeDialog meter={meter} corrected={corrected} onClose={() => setCorrected(null)} />}
    </Card>
  )
}
