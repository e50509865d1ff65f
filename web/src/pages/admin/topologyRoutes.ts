/** A point of the picture, in its own units. */
export interface Place { x: number; y: number }
/** What a system takes of the picture: the middle of its box and half of its sides. */
export interface Box extends Place { half: { width: number; height: number } }

/** Between a box and what passes it. */
const CLEAR = 16
/** Between two that pass the same way. */
const APART = 11

/** Where links pass the columns between their ends: through gaps, never behind a system; each that passes a gap has a height of its own. */
export class Routes {
  private readonly columns: [number, Box[]][]
  private readonly taken = new Map<string, number>()

  constructor(boxes: Box[]) {
    const xs = [...new Set(boxes.map(({ x }) => x))].sort((a, b) => a - b)
    this.columns = xs.map((x) => [x, boxes.filter((box) => box.x === x).sort((a, b) => a.y - b.y)])
  }

  /** Two points a column passed (into the gap and out of it), in the order of the way. */
  via(from: Place, to: Place): Place[] {
    const between = this.columns.filter(([x]) => x > Math.min(from.x, to.x) && x < Math.max(from.x, to.x))
    if (from.x > to.x) between.reverse()
    const rightward = Math.sign(to.x - from.x)
    return between.flatMap(([x, boxes]) => {
      const y = this.pass(x, boxes, from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x), to)
      const half = Math.max(...boxes.map((box) => box.half.width))
      return [{ x: x - rightward * half, y }, { x: x + rightward * half, y }]
    })
  }

  /** The height of the nearest gap: where the straight line passes if nothing stands there. */
  private pass(x: number, boxes: Box[], straight: number, to: Place): number {
    const gaps = gapsOf(boxes)
    const inner = gaps.reduce((best, gap) => (away(gap, straight) < away(best, straight) ? gap : best))
    const y = Math.min(Math.max(straight, inner.from), inner.to)
    const key = `${x} ${inner.from}`
    const order = this.taken.get(key) ?? 0
    this.taken.set(key, order + 1)
    const aside = Math.ceil(order / 2) * APART * (order % 2 === 0 ? 1 : -1) * (to.y < straight ? -1 : 1)
    return Math.min(Math.max(y + aside, inner.from), inner.to)
  }
}

interface Gap { from: number; to: number }

const away = ({ from, to }: Gap, y: number) => Math.max(from - y, y - to, 0)

/** Free heights of a column, above all of it and below included; of boxes that stand too near each other the middle between them. */
function gapsOf(boxes: Box[]): Gap[] {
  const edges = boxes.map(({ y, half }) => ({ top: y - half.height - CLEAR, bottom: y + half.height + CLEAR }))
  const inside = edges.slice(1).map(({ top }, index): Gap => {
    const above = edges[index]!.bottom
    return above <= top ? { from: above, to: top } : { from: (above + top) / 2, to: (above + top) / 2 }
  })
  return [{ from: -Infinity, to: edges[0]!.top }, ...inside, { from: edges.at(-1)!.bottom, to: Infinity }]
}
