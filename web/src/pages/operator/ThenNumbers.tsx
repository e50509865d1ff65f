import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { overviewThenQuery } from '../../api/queries'
import { MISSING } from '../../design/format'
import { NumberWithUnit } from '../../design/NumberWithUnit'
import { KeyNumber } from '../../design/PageFrame'
import { useService } from '../../design/ServiceSwitch'
import { StateView } from '../../design/StateView'
import { LossNote } from './LossFacts'

/** The key numbers of an earlier hour; what was not kept is a dash with its reason. */
export function ThenNumbers({ at }: { at: string }) {
  const { t } = useTranslation()
  const service = useService()
  const then = useQuery({ ...overviewThenQuery({ service, at }), placeholderData: undefined })
  return (
    <StateView query={then} height={96}>
      {(data) => (
        <div className="key-numbers">
          <KeyNumber name={t('then.load')}><NumberWithUnit figure={data.load} /></KeyNumber>
          <KeyNumber name={t('map.collection_rate')} note={t('then.rate_note')}><NumberWithUnit figure={data.collection_rate} /></KeyNumber>
          <KeyNumber name={t(`map.loss_of.${data.loss.service}`)} note={<LossNote loss={data.loss} />}><NumberWithUnit figure={data.loss.rate} age={false} /></KeyNumber>
          <KeyNumber name={t('then.open_alarms')}>{data.open_alarms}</KeyNumber>
          <KeyNumber name={t('map.silent_terminals')} note={t('then.not_kept')}>{MISSING}</KeyNumber>
          <KeyNumber name={t('map.waiting_commands')} note={t('then.not_kept')}>{MISSING}</KeyNumber>
        </div>
      )}
    </StateView>
  )
}
