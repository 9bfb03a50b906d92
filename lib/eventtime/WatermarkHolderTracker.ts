import type { SchedulerLike } from 'rxjs'
import { type MonotonicClock, monotonicClock } from '../scheduling/monotonicClock.js'
import type { SlowestInput } from './slowestInput.js'
import type { WatermarkHolder, WatermarkHolderObserver } from './WatermarkHolder.js'

/** Follows which input holds a combined watermark back, and since when; tells whenever something of it changes. */
export class WatermarkHolderTracker<Input extends { readonly id: string }> {
  private slowest: SlowestInput<Input> | undefined
  /** ms since the epoch, for people */
  private since = 0
  /** by the monotonic clock, for durations */
  private begun = 0
  private told = false
  private readonly now: MonotonicClock

  constructor(
    private readonly find: () => SlowestInput<Input> | undefined,
    private readonly scheduler: SchedulerLike,
    private readonly observer?: WatermarkHolderObserver,
  ) {
    this.now = monotonicClock(scheduler)
  }

  get holder(): WatermarkHolder | undefined {
    if (this.slowest === undefined) return undefined
    const { input, watermark, watermarkWithout } = this.slowest
    return { id: input.id, watermark, since: this.since, watermarkWithout }
  }

  /** For how long the holder has been the slowest, in ms, whatever the clock was set to meanwhile; 0 when there is none. */
  get holdTime(): number {
    return this.slowest === undefined ? 0 : this.now() - this.begun
  }

  /** Looks again: after watermarks have changed. */
  look(): void {
    const before = this.slowest
    const slowest = this.find()
    this.slowest = slowest
    if (slowest !== undefined && slowest.input !== before?.input) {
      this.since = this.scheduler.now()
      this.begun = this.now()
    }
    if (this.told && isSame(before, slowest)) return
    this.told = true
    this.observer?.next(this.holder)
  }
}

function isSame<Input>(one: SlowestInput<Input> | undefined, other: SlowestInput<Input> | undefined): boolean {
  return (
    one?.input === other?.input &&
    one?.watermark === other?.watermark &&
    one?.watermarkWithout === other?.watermarkWithout
  )
}
