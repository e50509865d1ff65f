import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { change, get, newIntention } from '../../api/client'
import { METERING } from '../../api/queries'
import type { Command } from '../../api/types'

const LOOKS_MS = 1000
const PATIENCE_MS = 90_000

/** Reads a meter's register now and waits for it: the value and the command that brought it, or nothing when it did not answer. */
export function useReadNow(meter: string) {
  const { t } = useTranslation()
  const [working, setWorking] = useState(false)
  const [silent, setSilent] = useState(false)
  const [error, setError] = useState<unknown>(null)

  const read = async (): Promise<{ value: string; command: string } | null> => {
    setWorking(true)
    setSilent(false)
    setError(null)
    try {
      const body = { kind: 'read_on_demand', meter, reason: t('exchange.read_reason') }
      let command = await change<Command>('POST', `/${METERING}/api/commands`, body, newIntention())
      for (let waited = 0; command.state !== 'finished' && waited < PATIENCE_MS; waited += LOOKS_MS) {
        await new Promise((done) => setTimeout(done, LOOKS_MS))
        command = await get<Command>(`/${METERING}/api/commands/${command.id}`)
      }
      const value = command.outcome === 'done' ? command.result[0]?.figure.value : null
      setSilent(!value)
      return value ? { value, command: command.id } : null
    } catch (failed) {
      setError(failed)
      return null
    } finally {
      setWorking(false)
    }
  }
  return { read, working, silent, error }
}
