import { IdlenessTimer } from './IdlenessTimer.js'
import type { WatermarkGenerator } from './WatermarkGenerator.js'

/**
 * Adds idleness to a generator: after `idleTimeout` ms without an event it marks its output idle, once, and is not
 * asked for watermarks until the next event. Flink's `WatermarksWithIdleness`.
 *
 * @param now the clock in ms; one that stands still while a split is paused keeps the pause from counting as idleness
 */
export function watermarksWithIdleness<T>(
  generator: WatermarkGenerator<T>,
  idleTimeout: number,
  now: () => number,
): WatermarkGenerator<T> {
  const timer = new IdlenessTimer(idleTimeout, now)
  let idle = false
  return {
    onEvent: (event, timestamp, output) => {
      generator.onEvent(event, timestamp, output)
      timer.activity()
      idle = false
    },
    onPeriodicEmit: (output) => {
      if (!timer.checkIfIdle()) {
        generator.onPeriodicEmit(output)
      } else if (!idle) {
        output.markIdle()
        idle = true
      }
    },
  }
}
