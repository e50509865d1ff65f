import { useQuery } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { neighboursQuery } from '../../api/queries'
import { usePick } from '../../design/preferences'
import { useUrlState } from '../../design/urlState'

/** Which meter to compare with: the nearest of the same service at first, then any near one; kept in the address. */
export function NeighbourPicker({ meter }: { meter: string }) {
  const { t } = useTranslation()
  const pick = usePick()
  const [{ neighbour }, setState] = useUrlState()
  const { data } = useQuery(neighboursQuery(meter))
  if (!data) return null
  if (data.rows.length === 0) return <span className="muted">{t('meter.no_neighbour')}</span>
  if (!neighbour) return <Button onClick={() => setState({ neighbour: data.rows[0]!.id })}>{t('meter.compare_neighbour')}</Button>
  return (
    <span className="row">
      <Select
        aria-label={t('meter.neighbour')} value={neighbour} showSearch optionFilterProp="label" style={{ minWidth: 220, maxWidth: '100%' }}
        options={data.rows.map(({ id, number, address, area_name }) => ({ value: id, label: `${number} · ${address || pick(area_name)}` }))}
        onChange={(id: string) => setState({ neighbour: id })}
      />
      <Button type="link" onClick={() => setState({ neighbour: undefined })}>{t('meter.no_comparison')}</Button>
    </span>
  )
}
