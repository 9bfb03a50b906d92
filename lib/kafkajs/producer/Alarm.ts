import type { SchedulerLike, Subscription } from 'rxjs'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'

/** Rings once, at the earliest of the times it was asked for. */
export class Alarm {
  private at = Infinity
  private subscription: Subscription | undefined
  private readonly now: MonotonicClock

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly ring: () => void,
  ) {
    this.now = monotonicClock(scheduler)
  }

  /** @param at ms, by the scheduler's `monotonicClock` */
  ringAt(at: number): void {
    if (at >= this.at) return
    this.cancel()
    this.at = at
    this.subscription = this.scheduler.schedule(
      () => {
        this.at = Infinity
        this.ring()
      },
      Math.max(0, at - this.now()),
    )
  }

  cancel(): void {
    this.subscription?.unsubscribe()
    this.at = Infinity
  }
}
