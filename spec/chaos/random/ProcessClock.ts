import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'

/** Where the wall clocks of all processes begin: a time of our days, ms since the epoch. */
export const EPOCH = 1_700_000_000_000

/**
 * The clock of one process. It can be stopped and go on (SIGSTOP, SIGCONT): what came due meanwhile happens then, in its order. It
 * can be set to another time, and it can end, as by `kill -9`: nothing happens any more.
 */
export class ProcessClock implements SchedulerLike {
  private state: 'running' | 'stopped' | 'catching up' | 'dead' = 'running'
  private skew = 0
  private readonly due: (() => void)[] = []

  /** @param acts is called for all that happens */
  constructor(
    private readonly base: SchedulerLike,
    private readonly acts: () => void = () => undefined,
  ) {}

  get dead(): boolean {
    return this.state === 'dead'
  }

  get stopped(): boolean {
    return this.state === 'stopped'
  }

  now(): number {
    return EPOCH + this.base.now() + this.skew
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    if (this.dead) return new Subscription()
    const act = (action: SchedulerAction<T>, given: T | undefined): void => {
      this.acts()
      work.call(action, given)
    }
    const come = (action: SchedulerAction<T>, given: T | undefined): void => {
      if (this.state === 'running') act(action, given)
      else if (this.state !== 'dead')
        this.due.push(() => {
          if (!action.closed) act(action, given)
        })
    }
    return this.base.schedule<T>(
      function (given) {
        come(this, given)
      },
      delay,
      state,
    )
  }

  /** Moves the wall clock. */
  set(ms: number): void {
    this.skew += ms
  }

  stop(): void {
    if (this.state !== 'dead') this.state = 'stopped'
  }

  go(): void {
    if (this.state !== 'stopped') return
    this.state = 'catching up'
    this.catchUp()
  }

  kill(): void {
    this.state = 'dead'
    this.due.length = 0
  }

  /** Each in a turn of its own, and before what comes due now. */
  private catchUp(): void {
    if (this.state !== 'catching up') return
    const first = this.due.shift()
    if (first === undefined) {
      this.state = 'running'
      return
    }
    this.base.schedule(() => this.catchUp())
    first()
  }
}
