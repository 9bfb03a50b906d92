import { TimeWindow } from './TimeWindow.js'
import type { WindowAssigner } from './WindowAssigner.js'
import { windowStart } from './windowStart.js'

/**
 * Windows of one size that start at a distance of their own, so that they overlap.
 *
 * @example
 * ```ts
 * // Of a minute, every 30 seconds.
 * const windows = SlidingEventTimeWindows.of(60_000, 30_000)
 * windows.assignWindows(70_000) // [new TimeWindow(60_000, 120_000), new TimeWindow(30_000, 90_000)]
 * ```
 */
export const SlidingEventTimeWindows = {
  /**
   * Windows of `size` ms, one every `slide` ms, moved by `offset` ms. A record is in `size / slide` of them; with a `slide`
   * above `size` there are gaps, and what falls into one is in none.
   *
   * Throws a `RangeError` unless `abs(offset) < slide` and `size > 0`.
   */
  of(size: number, slide: number, offset = 0): WindowAssigner {
    if (!(Math.abs(offset) < slide && size > 0)) {
      throw new RangeError('SlidingEventTimeWindows parameters must satisfy abs(offset) < slide and size > 0')
    }
    return {
      assignWindows: (timestamp) => {
        const windows: TimeWindow[] = []
        for (let start = windowStart(timestamp, offset, slide); start > timestamp - size; start -= slide) {
          windows.push(new TimeWindow(start, start + size))
        }
        return windows
      },
    }
  },
}
