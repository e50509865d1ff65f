/** A dial of three arcs, one a medium, and one needle. */
export function Logo({ size = 30 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#14545c" />
      <g fill="none" strokeWidth="3" strokeLinecap="round">
        <path d="M7 21a9 9 0 0 1 4.2-7.6" stroke="#d98e04" />
        <path d="M13.9 12.2a9 9 0 0 1 4.6.1" stroke="#5fb0e0" />
        <path d="M21.2 13.7A9 9 0 0 1 25 21" stroke="#f0825c" />
      </g>
      <path d="M16 21l4-5" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="16" cy="21" r="2.4" fill="#fff" />
    </svg>
  )
}
