import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 767px)')
const subscribe = (told: () => void) => {
  narrow.addEventListener('change', told)
  return () => narrow.removeEventListener('change', told)
}

/** True on a phone. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}
