import { IdlenessTimer } from './IdlenessTimer.js'
import type { WatermarkGenerator, WatermarkOutput } from './WatermarkGenerator.js'

/**
 * Adds idleness to a generator: after `idleTimeout` ms without an event it marks its output idle, once, and is not
 * asked for watermarks until the next event. Flink's class of that name.
 */
export class WatermarksWithIdleness<T> implements WatermarkGenerator<T> {
  /** No event for longer than the timeout. Idle means no records, so the output is to be active before the next one leaves. */
  idle = false
  private readonly timer: IdlenessTimer

  /** @param now the clock in ms; one that stands still while a split is paused keeps the pause from counting as idleness */
  constructor(
    private readonly generator: WatermarkGenerator<T>,
    idleTimeout: number,
    now: () => number,
  ) {
    this.timer = new IdlenessTimer(idleTimeout, now)
  }

  onEvent(event: T, timestamp: number, output: WatermarkOutput): void {
    this.generator.onEvent(event, timestamp, output)
    this.timer.activity()
    this.idle = false
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    if (!this.timer.checkIfIdle()) {
      this.generator.onPeriodicEmit(output)
    } else if (!this.idle) {
      this.idle = true
      output.markIdle()
    }
  }
}
