import type { SchedulerLike, Subscription } from 'rxjs'

/** Rings once, at the earliest of the times it was asked for. */
export class Alarm {
  private at = Infinity
  private subscription: Subscription | undefined

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly ring: () => void,
  ) {}

  /** @param at ms, on the scheduler's clock */
  ringAt(at: number): void {
    if (at >= this.at) return
    this.cancel()
    this.at = at
    this.subscription = this.scheduler.schedule(
      () => {
        this.at = Infinity
        this.ring()
      },
      Math.max(0, at - this.scheduler.now()),
    )
  }

  cancel(): void {
    this.subscription?.unsubscribe()
    this.at = Infinity
  }
}
