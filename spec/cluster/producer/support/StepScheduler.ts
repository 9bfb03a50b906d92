import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'

interface Step {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/**
 * Virtual time for code that mixes a scheduler with promises: between two actions all promises that are settled are
 * followed, which RxJS's virtual time cannot do.
 */
export class StepScheduler implements SchedulerLike {
  private time = 0
  private order = 0
  private readonly steps = new Set<Step>()

  now(): number {
    return this.time
  }

  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription {
    // Nothing that is scheduled here reschedules itself by `this`.
    const run = (): void => {
      work.call(undefined as never, state as T)
    }
    const step = { at: this.time + Math.max(0, delay), order: this.order++, run }
    this.steps.add(step)
    return new Subscription(() => this.steps.delete(step))
  }

  after(delay: number, run: () => void): void {
    this.schedule(run, delay)
  }

  /** Runs until the promise is settled. Fails when nothing is left to do before that, or after so much virtual time. */
  async until<T>(promise: Promise<T>, limitMs = 10_000_000): Promise<T> {
    const progress = { settled: false }
    const done = (): void => {
      progress.settled = true
    }
    promise.then(done, done)
    await followPromises()
    while (!progress.settled) {
      const next = this.next()
      if (next === undefined) throw new Error(`stuck at ${this.time} ms: nothing is scheduled any more`)
      if (next.at > limitMs) throw new Error(`still not settled at ${this.time} ms`)
      this.run(next)
      await followPromises()
    }
    return promise
  }

  /** Runs all that is due within the next `ms`. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await followPromises()
    for (let next = this.next(); next !== undefined && next.at <= end; next = this.next()) {
      this.run(next)
      await followPromises()
    }
    this.time = end
  }

  get pending(): number {
    return this.steps.size
  }

  private run(step: Step): void {
    this.steps.delete(step)
    this.time = Math.max(this.time, step.at)
    step.run()
  }

  private next(): Step | undefined {
    let first: Step | undefined
    for (const step of this.steps) {
      if (first === undefined || step.at < first.at || (step.at === first.at && step.order < first.order)) first = step
    }
    return first
  }
}

const followPromises = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
