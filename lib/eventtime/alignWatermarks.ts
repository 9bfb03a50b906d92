import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs'
import { elementOperator } from '../stream/elementOperator.js'
import type { StreamElement } from '../stream/StreamElement.js'
import type { Watermark } from '../stream/Watermark.js'
import type { WatermarkStatus } from '../stream/WatermarkStatus.js'
import { DemandGate } from '../stream/DemandGate.js'
import { StreamAlignment, checkAlignment } from './StreamAlignment.js'
import type { WatermarkAlignment } from './WatermarkAlignment.js'

/** Where the time of an alignment comes from. */
export interface AlignWatermarksConfig {
  /** The clock of the updates. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
}

/**
 * Holds a stream within `maxDrift` ms of event time of the slowest in its group, so that what is behind a merge does
 * not have to keep what the fast ones have read ahead. A group is all streams in this process that name it: sources,
 * or the splits of one.
 *
 * - Every `updateInterval` ms each stream reports its watermark; allowed is the least report + `maxDrift`. A stream
 *   whose watermark is above is paused until it is not. So one interval moves a group by at most `maxDrift`: choose
 *   that several times what you read in an interval.
 * - A stream without a watermark yet, idle, ended, or left in any way holds nobody. One that has neither records nor
 *   idleness holds all.
 * - **Paused means no demand**: acknowledgements of batches wait, elements do not. Barriers pass, and what was asked for
 *   before still comes: at most two batches of each split above the bound, besides what is read from one watermark to
 *   the next (periodic ones: 200 ms).
 * - Its place is behind whatever makes the watermarks and statuses, so that idleness does not count the pause.
 *
 * Throws a `RangeError` when `maxDrift` is negative or `updateInterval` is not positive. The formulas are those of
 * Flink's `SourceCoordinator` and `SourceOperator`; the first report does not wait for the interval.
 *
 * @example
 * ```ts
 * const aligned = { group: 'flights and weather', maxDrift: 60_000 }
 * unionElements(
 *   flights.elements({ watermarks: WatermarkStrategy.forMonotonousTimestamps() }).pipe(alignWatermarks(aligned)),
 *   weather.elements({ watermarks: WatermarkStrategy.forMonotonousTimestamps() }).pipe(alignWatermarks(aligned)),
 * )
 * ```
 */
export function alignWatermarks<T>(
  alignment: WatermarkAlignment,
  { scheduler }: AlignWatermarksConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  checkAlignment(alignment)
  return elementOperator<T>((destination) => {
    const gate = new DemandGate()
    const aligned = new StreamAlignment(
      alignment,
      () => {
        if (aligned.paused) gate.close()
        else gate.open()
      },
      scheduler,
    )
    const leave = (): void => {
      aligned.leave()
    }
    const watch = (element: Watermark | WatermarkStatus): void => {
      aligned.watch(element)
      destination.next(element)
    }
    destination.add(leave)
    return {
      restored: (restored) => {
        restored.present?.({
          name: `alignWatermarks of group ${alignment.group}`,
          waiting: () =>
            gate.held === 0 ? undefined : `pauses ${gate.held} batches: this stream is ahead of others in event time`,
        })
        destination.next(restored)
      },
      watermark: watch,
      watermarkStatus: watch,
      batchEnd: (end) => {
        destination.next(gate.watch(end))
      },
      barrier: (barrier) => {
        if (barrier.end !== undefined) leave()
        destination.next(barrier)
      },
      complete: () => {
        leave()
        destination.complete()
      },
    }
  })
}
