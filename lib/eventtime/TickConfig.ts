import { NEVER, asyncScheduler, interval } from 'rxjs'
import type { Observable, SchedulerLike } from 'rxjs'

/** When periodic watermarks are emitted, and idleness is looked at. */
export interface TickConfig {
  /** ms; 0: never. Default 200, as Flink's `pipeline.auto-watermark-interval`. */
  readonly autoWatermarkInterval?: number
  readonly scheduler?: SchedulerLike
}

/** The scheduler, and its ticks. */
export function ticks(config: TickConfig): { readonly scheduler: SchedulerLike; readonly tick$: Observable<number> } {
  const { autoWatermarkInterval = 200, scheduler = asyncScheduler } = config
  return { scheduler, tick$: autoWatermarkInterval > 0 ? interval(autoWatermarkInterval, scheduler) : NEVER }
}
