import type { SchedulerLike, Subscription } from 'rxjs'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'

/** Fires once, at the earliest of the times it was asked for. */
export class EarliestTimer {
  private dueAt = Infinity
  private subscription: Subscription | undefined
  private readonly now: MonotonicClock

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly fire: () => void,
  ) {
    this.now = monotonicClock(scheduler)
  }

  /** @param at ms, by the scheduler's `monotonicClock` */
  at(at: number): void {
    if (at >= this.dueAt) return
    this.cancel()
    this.dueAt = at
    this.subscription = this.scheduler.schedule(
      () => {
        this.dueAt = Infinity
        this.fire()
      },
      Math.max(0, at - this.now()),
    )
  }

  cancel(): void {
    this.subscription?.unsubscribe()
    this.dueAt = Infinity
  }
}
