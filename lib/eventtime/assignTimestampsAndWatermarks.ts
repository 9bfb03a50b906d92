import type { MonoTypeOperatorFunction } from 'rxjs'
import { elementOperator } from '../stream/elementOperator.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { StreamRecord } from '../stream/StreamRecord.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { eventTimeOf, watermarkOf } from './eventTime.js'
import { ownTicks, ticking, type Ticks } from './ticking.js'
import type { TickConfig } from './TickConfig.js'
import type { SplitEventTime } from './SplitEventTime.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'
import type { WatermarkStrategy } from './WatermarkStrategy.js'
import { WatermarksWithIdleness } from './WatermarksWithIdleness.js'

/**
 * Gives records their event time and emits the watermarks that follow from it. Meant for each split, before
 * `combineWatermarks`: the records of a split are in an order that those of several are not.
 *
 * - A record leaves before the watermark that it causes; periodic ones leave at ticks, 200 ms apart, until the final
 *   one.
 * - Watermarks and statuses that come in are dropped, except the final one.
 * - Idleness (`withIdleness` of the strategy) does not count the time in which the end of the pipeline asks for
 *   nothing. Idle means no records: a split that has been idle is active before its next record leaves, and the others
 *   have to wait for it again, even if its watermark does not grow.
 * - What the assigner or the generator throws is the error of the stream, and so is an event time or a watermark that is
 *   none (`StreamError` `InvalidTimestamp`, `InvalidWatermark`). Alignment is for `alignWatermarks`.
 *
 * @example
 * ```ts
 * split.elements.pipe(
 *   onRecords(map(parse)),
 *   assignTimestampsAndWatermarks(
 *     WatermarkStrategy.forBoundedOutOfOrderness<Flight>(5_000).withTimestampAssigner((flight) => flight.departure),
 *   ),
 * )
 * ```
 */
export function assignTimestampsAndWatermarks<T>(
  strategy: WatermarkStrategy<T>,
  config: TickConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  return eventTimeOperator(strategy, () => ownTicks(config))
}

/** What the splits of a `KafkaSource` have beside the strategy. */
interface OfSource<Untimed> {
  /** Where is noted how far the split has come. */
  readonly split: SplitEventTime
  /** Records with these values pass as they are. */
  readonly isUntimed?: ((value: unknown) => value is Untimed) | undefined
}

/** @param ticks of a subscription */
export function eventTimeOperator<T, Untimed = never>(
  strategy: WatermarkStrategy<T>,
  ticks: () => Ticks,
  { split, isUntimed }: Partial<OfSource<Untimed>> = {},
): MonoTypeOperatorFunction<StreamElement<T | Untimed>> {
  const { timestampAssigner } = strategy
  return elementOperator<T | Untimed>((destination) => {
    const elements = new ElementWatermarkOutput((element) => {
      destination.next(element)
    })
    const output: WatermarkOutput = {
      emitWatermark: (given) => {
        const timestamp = watermarkOf(given)
        elements.markActive()
        elements.emitWatermark(timestamp)
        split?.onWatermark(timestamp)
      },
      markIdle: () => {
        elements.markIdle()
      },
      markActive: () => {
        elements.markActive()
      },
    }
    const times = ticks()
    const { stop, handlers } = ticking(destination, times, () => {
      generator.onPeriodicEmit(output)
    })
    const generator = strategy.createWatermarkGenerator(() => times.clock.now())
    const idleness = generator instanceof WatermarksWithIdleness ? generator : undefined
    return {
      ...handlers,
      record: (record) => {
        const { value } = record
        if (isUntimed?.(value) === true) return destination.next(record)
        const timed = value as T
        const timestamp = eventTimeOf(timestampAssigner(timed, record.timestamp))
        if (split !== undefined) split.timestamp = timestamp
        if (idleness?.idle === true) elements.markActive()
        destination.next(timestamp === record.timestamp ? record : new StreamRecord(timed, timestamp))
        generator.onEvent(timed, timestamp, output)
      },
      watermark: (watermark) => {
        if (watermark.timestamp !== MAX_WATERMARK) return
        stop()
        // Of a split that ends: its merge removes it, and an idle one must not be active for that.
        if (split === undefined) elements.emitWatermark(MAX_WATERMARK)
        else destination.next(watermark)
      },
    }
  })
}
