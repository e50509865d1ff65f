import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Service } from '../api/types'
import { MediumTag } from './MediumTag'
import { useUrlState } from './urlState'

const SERVICES: Service[] = ['electricity', 'water', 'gas', 'heat']

/** The medium of the page, in its address; undefined is all of them. */
export function useService(): Service | undefined {
  const [state] = useUrlState()
  return SERVICES.find((known) => known === state.service)
}

export function ServiceSwitch() {
  const { t } = useTranslation()
  const service = useService()
  const [, setState] = useUrlState()
  const options = [{ value: 'all', label: t('service.all') }, ...SERVICES.map((value) => ({ value, label: <MediumTag service={value} size={15} /> }))]
  return <Segmented aria-label={t('usage.medium')} value={service ?? 'all'} options={options} onChange={(value) => setState({ service: value === 'all' ? undefined : value, page: undefined })} />
}
