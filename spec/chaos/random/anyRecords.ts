import { laneOf } from './Item.js'
import type { Random } from './Random.js'
import type { InputRecord } from './Script.js'

export interface RecordsWanted {
  readonly sources: number
  readonly partitions: number
  /** ms in which they come */
  readonly span: number
  /** all are there at the start */
  readonly bounded: boolean
  /** whether some cannot be read */
  readonly bad: boolean
  /** no partition is added */
  readonly fixed: boolean
}

/** A few records: many at once, some later; in event time a little out of order, with gaps for sessions. */
export const anyRecords = (
  random: Random,
  { sources, partitions, span, bounded, bad, fixed }: RecordsWanted,
): readonly InputRecord[] => {
  const count = 1 + random(24)
  const clocks = new Map<string, number>()
  const numbers = new Map<string, number>()
  return Array.from({ length: count }, () => (bounded || random(3) === 0 ? 0 : random(span)))
    .sort((a, b) => a - b)
    .map((at): InputRecord => {
      const source = random(sources)
      const partition = random(partitions + (fixed || at === 0 ? 0 : 1))
      const lane = laneOf({ source, partition })
      const n = numbers.get(lane) ?? 0
      numbers.set(lane, n + 1)
      const clock = (clocks.get(lane) ?? 100) + (random(5) === 0 ? 40 : 2)
      clocks.set(lane, clock)
      const time = clock - 2 * random(3)
      return {
        at,
        source,
        partition,
        n,
        key: 'abc'[random(3)]!,
        time,
        ...(bad && random(4) === 0 ? { bad: true } : {}),
      }
    })
}
