import { NEVER, type Observable, Subscription } from 'rxjs'
import type { MonotonicClock } from './monotonicClock.js'

export interface WorkLoopOptions {
  /** emits when the turn comes that `ask` waits for: `endOfTurn(scheduler)`, or `timer(0, scheduler)` to let sockets go first */
  readonly turn$?: Observable<unknown>
  /** After so many ms in one go the rest waits for a turn of its own. Default: there is no bound. */
  readonly budget?: { readonly ms: number; readonly now: MonotonicClock }
}

/**
 * Does a step again and again, as long as it is asked for: **one step at a time, and never from within itself**, however much a step
 * brings about. So what a step looks at does not change under it, and nothing recurses.
 *
 * There are two ways to ask:
 *
 * - `run`: now. From within a step: once more, when it has returned. Operators do so, since an element leaves them in the call that
 *   brought it.
 * - `ask`: in a turn to come, so that what is asked for in one go is done in one step.
 *
 * @example
 * ```ts
 * const waiting: string[] = []
 * const loop = new WorkLoop(() => console.log(waiting.splice(0)), { turn$: timer(0) })
 * waiting.push('a')
 * loop.ask()
 * waiting.push('b')
 * loop.ask() // one step logs both
 * ```
 */
export class WorkLoop {
  private asked = false
  private inside = false
  private closed = false
  private waiting: Subscription | undefined
  private readonly turn$: Observable<unknown>
  private readonly budget: WorkLoopOptions['budget']

  /** @param step does what there is to do, and asks again when that was not all */
  constructor(
    private readonly step: () => void,
    { turn$ = NEVER, budget }: WorkLoopOptions = {},
  ) {
    this.turn$ = turn$
    this.budget = budget
  }

  /** A step, or what `enter` was called for, is being done. */
  get running(): boolean {
    return this.inside
  }

  readonly ask = (): void => {
    this.asked = true
    if (this.inside || this.closed || this.waiting !== undefined) return
    const waiting = new Subscription()
    this.waiting = waiting
    waiting.add(
      this.turn$.subscribe(() => {
        this.waiting = undefined
        waiting.unsubscribe()
        this.run()
      }),
    )
  }

  readonly run = (): void => {
    this.asked = true
    if (this.inside || this.closed) return
    this.inside = true
    this.proceed()
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Keeps steps away until `leave`: for what is no step, and must not have one within it. False when one is running. */
  enter(): boolean {
    if (this.inside) return false
    this.inside = true
    return true
  }

  /** Then what was asked for meanwhile is done. */
  leave(): void {
    if (this.asked) this.proceed()
    else this.inside = false
  }

  /** No step from now on; one that is running comes to its end. */
  close(): void {
    this.closed = true
    this.waiting?.unsubscribe()
  }

  private proceed(): void {
    const { budget } = this
    const end = budget === undefined ? Infinity : budget.now() + budget.ms
    try {
      while (this.wanted) {
        this.asked = false
        this.step()
        if (budget !== undefined && budget.now() >= end) break
      }
    } finally {
      this.inside = false
    }
    if (this.wanted) this.ask()
  }

  private get wanted(): boolean {
    return this.asked && !this.closed
  }
}
