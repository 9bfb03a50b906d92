import { Observable } from 'rxjs'
import type { MonoTypeOperatorFunction } from 'rxjs'
import { operate } from '../stream/operate.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import { DemandClock } from './DemandClock.js'
import { ElementWatermarkOutput } from './ElementWatermarkOutput.js'
import { IdlenessTimer, checkIdleTimeout } from './IdlenessTimer.js'
import { ticks } from './TickConfig.js'
import type { TickConfig } from './TickConfig.js'

/**
 * Marks a stream that has its watermarks already as idle when neither a record nor a watermark comes for longer than
 * `idleTimeout` ms, so that others do not wait for it. For watermarks made here, `WatermarkStrategy.withIdleness` does
 * the same.
 *
 * Looked at on ticks, 200 ms apart: idle up to three of them after the timeout. The next of either makes it active
 * again, before it is emitted. Statuses that come in are dropped. Time in which the end of the pipeline asks for
 * nothing does not count.
 */
export function withIdleness<T>(
  idleTimeout: number,
  config: TickConfig = {},
): MonoTypeOperatorFunction<StreamElement<T>> {
  checkIdleTimeout(idleTimeout)
  return (source) =>
    new Observable((destination) => {
      const output = new ElementWatermarkOutput((element) => {
        destination.next(element)
      })
      const { clock: time, tick$ } = ticks(config)
      const clock = new DemandClock(time)
      const timer = new IdlenessTimer(idleTimeout, () => clock.now())
      let begun = false
      const ticking = operate(tick$, destination, {
        next: () => {
          if (begun && timer.checkIfIdle()) output.markIdle()
        },
      })
      operate(source, destination, {
        next: (element) => {
          begun = true
          switch (element.kind) {
            case 'record':
              timer.activity()
              output.markActive()
              destination.next(element)
              break
            case 'watermark':
              if (element.timestamp === MAX_WATERMARK) ticking.unsubscribe()
              timer.activity()
              output.emitWatermark(element.timestamp)
              break
            case 'watermarkStatus':
              break
            case 'batchEnd':
              destination.next(clock.watch(element))
              break
            case 'barrier':
              if (element.end !== undefined) ticking.unsubscribe()
              destination.next(element)
              break
            case 'restored':
              destination.next(element)
              break
          }
        },
      })
    })
}
