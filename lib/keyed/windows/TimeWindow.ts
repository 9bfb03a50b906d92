/**
 * A span of event time in ms, `start` inclusive, `end` exclusive.
 *
 * @example
 * ```ts
 * const hour = new TimeWindow(0, 3_600_000)
 * hour.maxTimestamp // 3_599_999
 * hour.cover(new TimeWindow(3_600_000, 7_200_000)) // new TimeWindow(0, 7_200_000)
 * ```
 */
export class TimeWindow {
  constructor(
    /** ms since the epoch, inclusive */
    readonly start: number,
    /** ms since the epoch, exclusive */
    readonly end: number,
  ) {}

  /** The last timestamp in it: results carry it, and the window is complete when the watermark has reached it. */
  get maxTimestamp(): number {
    return this.end - 1
  }

  /** Flink's rule: windows that touch do so too. */
  intersects(other: TimeWindow): boolean {
    return this.start <= other.end && this.end >= other.start
  }

  /** The least window over both. */
  cover(other: TimeWindow): TimeWindow {
    return new TimeWindow(Math.min(this.start, other.start), Math.max(this.end, other.end))
  }
}
