import { Observable, asyncScheduler, interval } from 'rxjs'
import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs'
import { operate } from '../stream/operate.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { alignmentGroupNamed } from './alignmentGroupNamed.js'
import { DemandGate } from './DemandGate.js'
import type { WatermarkAlignment } from './WatermarkAlignment.js'

/** Where the time of an alignment comes from. */
export interface AlignWatermarksConfig {
  readonly scheduler?: SchedulerLike
}

/**
 * Holds a stream within `maxDrift` ms of event time of the slowest in its group, so that what is behind a merge does
 * not have to keep what the fast ones have read ahead. A group is all streams in this process that name it: sources,
 * or the splits of one.
 *
 * ```ts
 * const aligned = { group: 'flights and weather', maxDrift: 60_000 }
 * unionElements(
 *   flights.elements({ watermarks: WatermarkStrategy.forMonotonousTimestamps() }).pipe(alignWatermarks(aligned)),
 *   weather.elements({ watermarks: WatermarkStrategy.forMonotonousTimestamps() }).pipe(alignWatermarks(aligned)),
 * )
 * ```
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
 */
export function alignWatermarks<T>(
  { group, maxDrift, updateInterval = 1_000 }: WatermarkAlignment,
  { scheduler = asyncScheduler }: AlignWatermarksConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  if (!(maxDrift >= 0)) throw new RangeError('maxDrift cannot be negative')
  if (!(updateInterval > 0)) throw new RangeError('updateInterval must be greater than zero')
  return (source) =>
    new Observable((destination) => {
      const member = alignmentGroupNamed(group).join(maxDrift)
      destination.add(() => {
        member.leave()
      })
      const gate = new DemandGate()
      const pauseOrResume = (): void => {
        if (member.paused) gate.close()
        else gate.open()
      }
      const reporting = operate(interval(updateInterval, scheduler), destination, {
        next: () => {
          member.report()
          pauseOrResume()
        },
      })
      const leave = (): void => {
        reporting.unsubscribe()
        member.leave()
        gate.open()
      }
      operate(source, destination, {
        next: (element) => {
          switch (element.kind) {
            case 'watermark':
              if (element.timestamp === MAX_WATERMARK) leave()
              else {
                member.emitWatermark(element.timestamp)
                pauseOrResume()
              }
              break
            case 'watermarkStatus':
              member.setIdle(element.idle)
              pauseOrResume()
              break
            case 'batchEnd':
              destination.next(gate.watch(element))
              return
            case 'barrier':
              if (element.end !== undefined) leave()
              break
            case 'record':
            case 'restored':
              break
          }
          destination.next(element)
        },
        complete: () => {
          leave()
          destination.complete()
        },
      })
    })
}
