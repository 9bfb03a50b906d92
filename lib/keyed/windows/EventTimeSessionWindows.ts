import { TimeWindow } from './TimeWindow.js'
import type { WindowAssigner } from './WindowAssigner.js'

/**
 * Windows of activity: a session of a key ends when it has no record for as long as the gap.
 *
 * @example
 * ```ts
 * EventTimeSessionWindows.withGap(1_800_000).assignWindows(5_000) // [new TimeWindow(5_000, 1_805_000)]
 * ```
 */
export const EventTimeSessionWindows = {
  /**
   * A session reaches from its first record to `gap` ms after its last; a record in between, late too, makes one of two.
   *
   * Throws a `RangeError` unless `gap` (ms) is positive.
   */
  withGap(gap: number): WindowAssigner {
    if (!(gap > 0)) throw new RangeError('EventTimeSessionWindows parameters must satisfy 0 < size')
    return {
      merging: true,
      assignWindows: (timestamp) => [new TimeWindow(timestamp, timestamp + gap)],
    }
  },
}
