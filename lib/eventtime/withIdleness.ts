import type { MonoTypeOperatorFunction } from 'rxjs'
import { elementOperator } from '../stream/elementOperator.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { IdlenessTimer, checkIdleTimeout } from './IdlenessTimer.js'
import { ownTicks, ticking } from './ticking.js'
import type { TickConfig } from './TickConfig.js'

/**
 * Marks a stream that has its watermarks already as idle when neither a record nor a watermark comes for longer than
 * `idleTimeout` ms, so that others do not wait for it. For watermarks made here, `WatermarkStrategy.withIdleness` does
 * the same.
 *
 * Looked at on ticks, 200 ms apart: idle up to three of them after the timeout. The next of either makes it active
 * again, before it is emitted. Statuses that come in are dropped. Time in which the end of the pipeline asks for
 * nothing does not count.
 *
 * @example
 * ```ts
 * // Weather reports come seldom: flights do not wait for them for longer than a minute.
 * unionElements(flights.elements({ checkpoints }), weather.elements({ checkpoints, uid: 'weather' }).pipe(withIdleness(60_000)))
 * ```
 */
export function withIdleness<T>(
  idleTimeout: number,
  config: TickConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  checkIdleTimeout(idleTimeout)
  return elementOperator<T>((destination) => {
    const output = new ElementWatermarkOutput((element) => {
      destination.next(element)
    })
    const ticks = ownTicks(config)
    const timer = new IdlenessTimer(idleTimeout, () => ticks.clock.now())
    const { stop, handlers } = ticking(destination, ticks, () => {
      if (timer.checkIfIdle()) output.markIdle()
    })
    return {
      ...handlers,
      record: (record) => {
        timer.activity()
        output.markActive()
        destination.next(record)
      },
      watermark: ({ timestamp }) => {
        if (timestamp === MAX_WATERMARK) stop()
        timer.activity()
        output.emitWatermark(timestamp)
      },
    }
  })
}
