import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { hostOf } from './places'
import type { Topic } from './queries'

interface Notice { topic: Topic; ids: string[]; at: string }

/** Keep what is shown fresh without reloading: each notice makes the answers of its topic old. */
export function useChanges(systems: string[]): void {
  const client = useQueryClient()
  const listened = systems.join(',')
  useEffect(() => {
    const sources = listened.split(',').filter(Boolean).map((system) => listen(client, system))
    return () => sources.forEach((source) => source.close())
  }, [client, listened])
}

function listen(client: QueryClient, system: string): EventSource {
  const source = new EventSource(`/${system}/api/changes`)
  source.addEventListener('change', (event) => refresh(client, system, (JSON.parse(event.data) as Notice).topic))
  // What changed between an answer and this moment was told to nobody: at the first opening as after a break.
  source.addEventListener('open', () => refresh(client, system, null))
  return source
}

/** Topic null: notices may have been missed, so everything of the system may be old. */
function refresh(client: QueryClient, system: string, topic: Topic | null): void {
  void client.invalidateQueries({
    predicate: ({ meta }) => meta?.system !== undefined && hostOf(meta.system) === system && (topic === null || (meta.topics?.includes(topic) ?? false)),
  })
}
