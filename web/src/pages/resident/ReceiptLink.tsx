import { useTranslation } from 'react-i18next'
import { address } from '../../api/client'
import { PLATFORM } from '../../api/queries'
import type { Payment } from '../../api/types'
import { usePreferences } from '../../design/preferences'

/** The receipt as PDF, in the reader's language; nothing for a payment that has not succeeded. */
export function ReceiptLink({ payment }: { payment: Payment }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  if (!payment.receipt_number) return null
  const path = `/${PLATFORM}/api/households/${encodeURIComponent(payment.account)}/payments/${encodeURIComponent(payment.reference)}/receipt`
  return <a className="export" href={address(path, { language })} target="_blank" rel="noreferrer" aria-label={t('pay.receipt', { number: payment.receipt_number })}>{t('pay.receipt_short')}</a>
}
