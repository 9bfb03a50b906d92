import type { SchedulerLike, Subscription } from 'rxjs'

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

  /** @param step does what there is to do; it calls `ask` when it is to be called again */
  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly step: () => void,
  ) {}

  /** There is something to do: in this turn when one is running, else in one to come. */
  readonly ask = (): void => {
    this.asked = true
    if (this.running || this.closed) return
    this.scheduled ??= this.scheduler.schedule(() => {
      this.scheduled = undefined
      this.run()
    })
  }

  /** Has its turn now. For who is called from the outside, by a socket or a timer, and need not wait. */
  run(): void {
    if (this.running || this.closed) return
    this.running = true
    const end = this.scheduler.now() + TIME_BUDGET
    do {
      this.asked = false
      this.step()
    } while (this.wanted && this.scheduler.now() < end)
    this.running = false
    if (this.wanted) this.ask()
  }

  close(): void {
    this.closed = true
    this.scheduled?.unsubscribe()
  }

  private get wanted(): boolean {
    return this.asked && !this.closed
  }
}
