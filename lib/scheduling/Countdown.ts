import type { SchedulerLike, Subscription } from 'rxjs'

/**
 * A pause that is over after a time. It is measured by a timer of the scheduler, not by its clock, which may be set back or forth.
 *
 * @example
 * ```ts
 * const pause = new Countdown(asyncScheduler, () => console.log('over'))
 * pause.start(1_000)
 * console.log(pause.over) // false
 * ```
 */
export class Countdown {
  private timer: Subscription | undefined

  constructor(
    private readonly scheduler: SchedulerLike,
    /** Called when it is over, in a turn of its own. */
    private readonly onOver: () => void,
  ) {}

  get over(): boolean {
    return this.timer === undefined
  }

  /** Begins anew. @param ms 0 or less: it is over at once, and nothing is called */
  start(ms: number): void {
    this.stop()
    if (ms <= 0) return
    this.timer = this.scheduler.schedule(() => {
      this.timer = undefined
      this.onOver()
    }, ms)
  }

  /** Over, and nothing is called. */
  stop(): void {
    this.timer?.unsubscribe()
    this.timer = undefined
  }
}
