import { type SchedulerLike, Subscription, timer } from 'rxjs'
import { monotonicClock } from '../../scheduling/monotonicClock.js'
import { WorkLoop } from '../../scheduling/WorkLoop.js'

/** How long turns may hold the process before timers and sockets have theirs, in ms. */
const TIME_BUDGET = 10

/** The loop of a reader. What it is asked for waits for a timer, so that sockets go first. */
export class ReaderLoop extends WorkLoop {
  private later = Subscription.EMPTY

  /** @param step does what there is to do; it calls `ask` when it is to be called again */
  constructor(
    private readonly scheduler: SchedulerLike,
    step: () => void,
  ) {
    super(step, { turn$: timer(0, scheduler), budget: { ms: TIME_BUDGET, now: monotonicClock(scheduler) } })
  }

  /**
   * There may be something to do in a moment: for what nothing tells the end of. Calls that come meanwhile share the turn.
   *
   * @returns closed when the turn is there
   */
  askLater(ms: number): Subscription {
    if (this.later.closed && !this.isClosed) this.later = timer(ms, this.scheduler).subscribe({ complete: this.ask })
    return this.later
  }

  override close(): void {
    super.close()
    this.later.unsubscribe()
  }
}
