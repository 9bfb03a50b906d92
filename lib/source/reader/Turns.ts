import { type SchedulerLike, Subscription, timer } from 'rxjs'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'

/** How long turns may hold the process before timers and sockets have theirs, in ms. */
const TIME_BUDGET = 10

/**
 * The loop of a reader: does a step again and again as long as there is something to do.
 *
 * `ask` may be called at any time, from within a step too; it never does anything by itself but to note that there is something to
 * do. So there is one step at a time, and no recursion, however much a step brings about.
 */
export class Turns {
  private running = false
  private asked = false
  private closed = false
  private scheduled: Subscription | undefined
  private later = Subscription.EMPTY
  private readonly now: MonotonicClock

  /** @param step does what there is to do; it calls `ask` when it is to be called again */
  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly step: () => void,
  ) {
    this.now = monotonicClock(scheduler)
  }

  /** There is something to do: in this turn when one is running, else in one to come. */
  readonly ask = (): void => {
    this.asked = true
    if (this.running || this.closed) return
    this.scheduled ??= this.scheduler.schedule(() => {
      this.scheduled = undefined
      this.run()
    })
  }

  /**
   * There may be something to do in a moment: for what nothing tells the end of. Calls that come meanwhile share the turn.
   *
   * @returns closed when the turn is there
   */
  askLater(ms: number): Subscription {
    if (this.later.closed && !this.closed) this.later = timer(ms, this.scheduler).subscribe({ complete: this.ask })
    return this.later
  }

  /** Has its turn now. For who is called from the outside, by a socket or a timer, and need not wait. */
  run(): void {
    if (this.running || this.closed) return
    this.running = true
    const end = this.now() + TIME_BUDGET
    do {
      this.asked = false
      this.step()
    } while (this.wanted && this.now() < end)
    this.running = false
    if (this.wanted) this.ask()
  }

  close(): void {
    this.closed = true
    this.scheduled?.unsubscribe()
    this.later.unsubscribe()
  }

  private get wanted(): boolean {
    return this.asked && !this.closed
  }
}
