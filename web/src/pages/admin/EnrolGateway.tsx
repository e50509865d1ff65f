import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { enrolGateway, type GatewayPer } from '../../api/gateways'
import { Failure } from '../../design/StateView'

/** Writes a gateway down: what it is one for each of, its name, and where it stands; a home's is called as its home, and is of a household. */
export function EnrolGateway({ system, of, onDone }: { system: string; of: GatewayPer[]; onDone: () => Promise<void> }) {
  const { t } = useTranslation()
  const [per, setPer] = useState<GatewayPer | undefined>(of[0])
  const [name, setName] = useState('')
  const [second, setSecond] = useState('')
  const [working, setWorking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const label = t(per === 'home' ? 'gateways.household' : 'gateways.place')
  const enrol = async () => {
    if (!per) return
    setWorking(true)
    setError(null)
    try {
      await enrolGateway(system, per === 'home' ? { per, name, place: name, household: second } : { per, name, place: second })
      setName('')
      await onDone()
    } catch (reason) {
      setError(reason)
    } finally {
      setWorking(false)
    }
  }
  return (
    <form className="toolbar" aria-label={t('gateways.enrol')} onSubmit={(event) => { event.preventDefault(); void enrol() }}>
      <Select className="toolbar-filter" aria-label={t('gateways.per')} value={per} options={of.map((value) => ({ value, label: t(`gateways.of.${value}`) }))} onChange={setPer} />
      <Input className="toolbar-search" aria-label={t('gateways.name')} placeholder={t('gateways.name')} value={name} maxLength={64} onChange={({ target }) => setName(target.value)} />
      <Input className="toolbar-search" aria-label={label} placeholder={label} value={second} maxLength={128} onChange={({ target }) => setSecond(target.value)} />
      <Button htmlType="submit" loading={working} disabled={!per || !name || !second}>{t('gateways.enrol')}</Button>
      {error !== null && <Failure error={error} />}
    </form>
  )
}
