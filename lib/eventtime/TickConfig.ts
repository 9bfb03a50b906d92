import { NEVER, asyncScheduler, tap } from 'rxjs'
import type { Observable, SchedulerLike } from 'rxjs'
import { fixedDelay } from './fixedDelay.js'
import { TickClock } from './TickClock.js'

/** When periodic watermarks are emitted, and idleness is looked at. */
export interface TickConfig {
  /** ms; 0: never. Default 200, as Flink's `pipeline.auto-watermark-interval`. */
  readonly autoWatermarkInterval?: number | undefined
  /** The clock of the ticks. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
}

/** Flink's `pipeline.auto-watermark-interval`, in ms. */
const DEFAULT_WATERMARK_INTERVAL = 200

/** A clock, and its ticks: of one stream, from now on. */
export function ticks(config: TickConfig): { readonly clock: TickClock; readonly tick$: Observable<unknown> } {
  const { autoWatermarkInterval = DEFAULT_WATERMARK_INTERVAL, scheduler = asyncScheduler } = config
  const clock = new TickClock(scheduler, autoWatermarkInterval)
  if (!(autoWatermarkInterval > 0)) return { clock, tick$: NEVER }
  return { clock, tick$: fixedDelay(autoWatermarkInterval, scheduler).pipe(tap(() => clock.tick())) }
}
