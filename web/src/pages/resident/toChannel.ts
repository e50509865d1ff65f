import { get } from '../../api/client'
import { PLATFORM } from '../../api/queries'
import type { Payment } from '../../api/types'

const LOOKS = 25
const PAUSE_MS = 400

/** Send the person to the payment channel; to the page of the result where there is nothing to do at the channel. */
export async function goToChannel(payment: Payment): Promise<void> {
  const told = payment.redirect_url ? payment : await toldByChannel(payment)
  window.location.assign(told.redirect_url ?? `/pay/result/${payment.account}/${payment.reference}`)
}

/** The channel is told of a payment after it is written: ask until it gave its address, or for ten seconds. */
async function toldByChannel(payment: Payment): Promise<Payment> {
  const path = `/${PLATFORM}/api/households/${payment.account}/payments/${encodeURIComponent(payment.reference)}`
  let last = payment
  for (let asked = 0; asked < LOOKS && last.state === 'pending' && !last.redirect_url; asked++) {
    await new Promise((resume) => setTimeout(resume, PAUSE_MS))
    last = await get<Payment>(path)
  }
  return last
}
