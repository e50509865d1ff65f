import { useQuery } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import dayjs from 'dayjs'
import { siteQuery } from '../api/queries'

interface BusinessClock { business: number; browser: number; speed: number }

const Clock = createContext<BusinessClock>({ business: Date.now(), browser: Date.now(), speed: 1 })

/** The business clock of the site: ages are told against it, not against the visitor's own clock. */
export function ClockProvider({ children }: { children: ReactNode }) {
  const { data, dataUpdatedAt } = useQuery(siteQuery)
  const clock = data
    ? { business: dayjs(data.now).valueOf(), browser: dataUpdatedAt, speed: data.clock_speed }
    : { business: Date.now(), browser: Date.now(), speed: 1 }
  return <Clock.Provider value={clock}>{children}</Clock.Provider>
}

/** Business time now in milliseconds, told again every so often. */
export function useNow(every_ms = 15_000): number {
  const { business, browser, speed } = useContext(Clock)
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms)
    return () => clearInterval(timer)
  }, [every_ms])
  return business + Math.max(0, now - browser) * speed
}
