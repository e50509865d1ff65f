import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { workOrdersQuery } from '../../api/queries'
import { OpenWorkOrder } from './OpenWorkOrder'

/** The way from a terminal or meter to its work orders, and opening one. */
export function WorkOrdersOfDevice({ device }: { device: string }) {
  const { t } = useTranslation()
  const { data } = useQuery(workOrdersQuery({ device, state: 'unfinished', size: 1 }))
  return (
    <span className="row">
      {data && <Link to="/operator/work-orders" search={{ device }}>{t('work_order.of_device', { total: data.total })}</Link>}
      <OpenWorkOrder devices={[device]} kind="meter_fault" />
    </span>
  )
}
