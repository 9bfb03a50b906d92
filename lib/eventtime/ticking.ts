import type { Subscriber } from 'rxjs'
import { DemandClock } from '../stream/DemandClock.js'
import type { ElementHandlers } from '../stream/elementOperator.js'
import { operate } from '../stream/operate.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { ticks } from './TickConfig.js'
import type { TickConfig } from './TickConfig.js'

/** What an operator has that does something at each tick. */
export interface Ticking {
  /** ms, without the time in which the end of the pipeline asks for nothing */
  readonly clock: DemandClock
  /** No tick comes any more: after the final watermark. */
  readonly stop: () => void
  readonly handlers: Pick<ElementHandlers<never>, 'restored' | 'watermarkStatus' | 'batchEnd' | 'barrier'>
}

/**
 * For operators that make the watermarks or statuses of a stream at ticks. Ticks count from `Restored` on, since nothing may leave before
 * it, to the final barrier. Statuses that come in are dropped.
 */
export function ticking<T>(destination: Subscriber<StreamElement<T>>, config: TickConfig, onTick: () => void): Ticking {
  const { clock: time, tick$ } = ticks(config)
  const clock = new DemandClock(time)
  let begun = false
  const subscription = operate(tick$, destination, {
    next: () => {
      if (begun) onTick()
    },
  })
  const stop = (): void => {
    subscription.unsubscribe()
  }
  return {
    clock,
    stop,
    handlers: {
      restored: (restored) => {
        begun = true
        destination.next(restored)
      },
      watermarkStatus: () => undefined,
      batchEnd: (end) => {
        destination.next(clock.watch(end))
      },
      barrier: (barrier) => {
        if (barrier.end !== undefined) stop()
        destination.next(barrier)
      },
    },
  }
}
