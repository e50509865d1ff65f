import type { ReactNode } from 'react'

export type Tone = 'good' | 'late' | 'bad' | 'quiet' | 'busy'

const SHAPES: Record<Tone, ReactNode> = {
  good: <path d="m2.5 6.5 2.4 2.4L9.6 3.6" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  late: <path d="M6 2v4.2l2.6 1.6" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  bad: <path d="m3 3 6 6M9 3l-6 6" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  quiet: <path d="M2.5 6h7" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  busy: <circle cx="6" cy="6" r="3" fill="currentColor" />,
}

/** A state by shape, colour and word. */
export function StateTag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`state-tag tone-${tone}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{SHAPES[tone]}</svg>
      {children}
    </span>
  )
}
