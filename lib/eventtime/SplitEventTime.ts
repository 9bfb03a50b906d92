import { DemandClock } from '../stream/DemandClock.js'
import { PausableClock } from '../stream/PausableClock.js'
import { MIN_WATERMARK } from '../stream/Watermark.js'

/** What is known of the event time of one split: its operator notes it, its reader and the merge look at it. */
export class SplitEventTime {
  /** of the last record that was sent; a number from the start, which V8 then keeps in place: it is noted for each record */
  timestamp = -Infinity
  /** how far it has come */
  watermark = MIN_WATERMARK
  /** Too far ahead of the group of its source: it is not to be read for now. The time until it may go on does not count as idle. */
  paused = false
  /** by which its idleness is counted: it stands still while the split may not send */
  readonly clock: DemandClock
  private readonly alignmentClock: PausableClock

  /**
   * @param release nothing is to come from it: it is not waited for
   * @param isAhead whether a split with this watermark has to wait; undefined when none has to
   */
  constructor(
    clock: { now(): number },
    readonly release: () => void,
    private readonly isAhead: ((watermark: number) => boolean) | undefined,
  ) {
    this.alignmentClock = new PausableClock(clock)
    this.clock = new DemandClock(this.alignmentClock)
  }

  /** It may not send: it is ahead of its group, or the pipeline asks for no more of it. */
  get waits(): boolean {
    return this.clock.paused || this.paused
  }

  onWatermark(timestamp: number): void {
    if (timestamp > this.watermark) this.watermark = timestamp
    this.align()
  }

  /** Looks whether it is ahead. True when it had to wait, and may go on. */
  align(): boolean {
    if (this.isAhead === undefined) return false
    const paused = this.isAhead(this.watermark)
    if (paused === this.paused) return false
    if (paused) this.pause()
    else this.resume()
    return !paused
  }

  pause(): void {
    this.paused = true
    this.alignmentClock.pause()
  }

  resume(): void {
    this.paused = false
    this.alignmentClock.resume()
  }
}
