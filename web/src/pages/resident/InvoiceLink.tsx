import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Payment } from '../../api/types'

/** To what is quoted for the tax invoices of a payment; nothing where no money was received. */
export function InvoiceLink({ payment }: { payment: Payment }) {
  const { t } = useTranslation()
  if (!payment.paid_at) return null
  const { account, reference } = payment
  return <Link className="export" to="/pay/invoice/$account" params={{ account }} search={{ payment: reference }} aria-label={t('invoice.for_payment', { reference })}>{t('invoice.title')}</Link>
}
