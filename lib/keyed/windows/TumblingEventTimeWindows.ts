import { TimeWindow } from './TimeWindow.js'
import type { WindowAssigner } from './WindowAssigner.js'
import { windowStart } from './windowStart.js'

/**
 * Windows of one size, one after the other.
 *
 * @example
 * ```ts
 * // Of an hour.
 * TumblingEventTimeWindows.of(3_600_000).assignWindows(5_400_000) // [new TimeWindow(3_600_000, 7_200_000)]
 * ```
 */
export const TumblingEventTimeWindows = {
  /**
   * Windows of `size` ms that start at multiples of it, moved by `offset` ms: hours from a quarter past are
   * `of(3_600_000, 900_000)`, days of a time zone 8 h ahead of UTC `of(86_400_000, -28_800_000)`.
   *
   * Throws a `RangeError` unless `abs(offset) < size`.
   */
  of(size: number, offset = 0): WindowAssigner {
    if (!(Math.abs(offset) < size)) {
      throw new RangeError('TumblingEventTimeWindows parameters must satisfy abs(offset) < size')
    }
    return {
      assignWindows: (timestamp) => {
        const start = windowStart(timestamp, offset, size)
        return [new TimeWindow(start, start + size)]
      },
    }
  },
}
