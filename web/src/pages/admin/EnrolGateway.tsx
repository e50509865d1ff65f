import { Button, Input, Select } from 'antd'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { enrolGateway, type GatewayPer } from '../../api/gateways'
import { Card } from '../../design/PageFrame'
import { Failure } from '../../design/StateView'
import { StillNeeded } from '../../design/StillNeeded'

/** Writes a gateway down: what it is one for each of, its name, and where it stands; a home's is called as its home, and is of a household. */
export function EnrolGateway({ system, of, onDone }: { system: string; of: GatewayPer[]; onDone: () => Promise<void> }) {
  const { t } = useTranslation()
  const id = useId()
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
  const field = (key: string, said: string, control: (at: string) => ReactNode) => <div><label htmlFor={`${id}-${key}`}>{said}</label>{control(`${id}-${key}`)}</div>
  return (
    <Card title={t('gateways.enrol_one')}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); void enrol() }}>
        <div className="filters">
          {field('per', t('gateways.per'), (at) => <Select id={at} value={per} options={of.map((value) => ({ value, label: t(`gateways.of.${value}`) }))} onChange={setPer} />)}
          {field('name', t('gateways.name'), (at) => <Input id={at} value={name} maxLength={64} onChange={({ target }) => setName(target.value)} />)}
          {field('second', label, (at) => <Input id={at} value={second} maxLength={128} onChange={({ target }) => setSecond(target.value)} />)}
        </div>
        {error !== null && <Failure error={error} />}
        <StillNeeded names={[...(name ? [] : [t('gateways.name')]), ...(second ? [] : [label])]} />
        <div className="row"><Button htmlType="submit" loading={working} disabled={!per || !name || !second}>{t('gateways.enrol')}</Button></div>
      </form>
    </Card>
  )
}
