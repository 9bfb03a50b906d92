import type { Observable, Subscriber } from 'rxjs'
import { DemandClock } from '../stream/DemandClock.js'
import type { ElementHandlers } from '../stream/elementOperator.js'
import { operate } from '../stream/operate.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { ticks, type TickConfig } from './TickConfig.js'

/** When an operator looks, and by which time: of its own, or of all splits of a source. */
export interface Ticks {
  /** It stands still while the end of the pipeline asks for nothing: batch ends have to pass through it. */
  readonly clock: DemandClock
  readonly tick$: Observable<unknown>
}

/** Those of one operator alone, from now on. */
export function ownTicks(config: TickConfig): Ticks {
  const { clock, tick$ } = ticks(config)
  return { clock: new DemandClock(clock), tick$ }
}

/** What an operator has that does something at each tick. */
export interface Ticking {
  /** No tick comes any more: after the final watermark. */
  readonly stop: () => void
  readonly handlers: Pick<ElementHandlers<never>, 'restored' | 'watermarkStatus' | 'batchEnd' | 'barrier'>
}

/**
 * For operators that make the watermarks or statuses of a stream at ticks. Ticks count from `Restored` on, since nothing may leave before
 * it, to the final barrier. Statuses that come in are dropped.
 */
export function ticking<T>(
  destination: Subscriber<StreamElement<T>>,
  { clock, tick$ }: Ticks,
  onTick: () => void,
): Ticking {
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
