import { moneyText } from './format'

/** Integer fen as yuan; null is a dash. */
export function Money({ fen, signed = false, strong = false }: { fen: number | null; signed?: boolean; strong?: boolean }) {
  return <span className={`money${strong ? ' is-strong' : ''}`}>{moneyText(fen, signed)}</span>
}
