import type { MonoTypeOperatorFunction } from 'rxjs'
import { elementOperator } from '../stream/elementOperator.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { StreamRecord } from '../stream/StreamRecord.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { eventTimeOf, watermarkOf } from './eventTime.js'
import { ticking } from './ticking.js'
import type { TickConfig } from './TickConfig.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'
import type { WatermarkStrategy } from './WatermarkStrategy.js'
import { WatermarksWithIdleness } from './WatermarksWithIdleness.js'

/**
 * Gives records their event time and emits the watermarks that follow from it. Meant for each split, before
 * `combineWatermarks`: the records of a split are in an order that those of several are not.
 *
 * ```ts
 * split.elements.pipe(
 *   onRecords(map(parse)),
 *   assignTimestampsAndWatermarks(
 *     WatermarkStrategy.forBoundedOutOfOrderness<Flight>(5_000).withTimestampAssigner((flight) => flight.departure),
 *   ),
 * )
 * ```
 *
 * - A record leaves before the watermark that it causes; periodic ones leave at ticks, 200 ms apart, until the final
 *   one.
 * - Watermarks and statuses that come in are dropped, except the final one.
 * - Idleness (`withIdleness` of the strategy) does not count the time in which the end of the pipeline asks for
 *   nothing. Idle means no records: a split that has been idle is active before its next record leaves, and the others
 *   have to wait for it again, even if its watermark does not grow.
 * - What the assigner or the generator throws is the error of the stream, and so is an event time or a watermark that is
 *   none (`StreamError` `InvalidTimestamp`, `InvalidWatermark`). Alignment is for `alignWatermarks`.
 */
export function assignTimestampsAndWatermarks<T>(
  strategy: WatermarkStrategy<T>,
  config: TickConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  const { timestampAssigner } = strategy
  return elementOperator<T>((destination) => {
    const elements = new ElementWatermarkOutput((element) => {
      destination.next(element)
    })
    const output: WatermarkOutput = {
      emitWatermark: (given) => {
        const timestamp = watermarkOf(given)
        elements.markActive()
        elements.emitWatermark(timestamp)
      },
      markIdle: () => {
        elements.markIdle()
      },
      markActive: () => {
        elements.markActive()
      },
    }
    const { clock, stop, handlers } = ticking(destination, config, () => {
      generator.onPeriodicEmit(output)
    })
    const generator = strategy.createWatermarkGenerator(() => clock.now())
    const idleness = generator instanceof WatermarksWithIdleness ? generator : undefined
    return {
      ...handlers,
      record: (record) => {
        const timestamp = eventTimeOf(timestampAssigner(record.value, record.timestamp))
        if (idleness?.idle === true) elements.markActive()
        destination.next(timestamp === record.timestamp ? record : new StreamRecord(record.value, timestamp))
        generator.onEvent(record.value, timestamp, output)
      },
      watermark: ({ timestamp }) => {
        if (timestamp !== MAX_WATERMARK) return
        stop()
        elements.emitWatermark(MAX_WATERMARK)
      },
    }
  })
}
