/**
 * The clock of what is looked at on ticks, in ms: from one tick to the next it counts two intervals at most, and never back.
 *
 * A process that is busy with one record for long, stopped (SIGSTOP, a laptop's lid) or short of CPU has its ticks late and what
 * has arrived meanwhile unread: by the time of day every split would be idle, and its records late. And the time of day may be set
 * back, after which nothing would be idle for as long. In Flink time within operators does not count either (FLINK-40234).
 */
export class TickClock {
  private counted = 0
  private tickedAt: number

  constructor(
    private readonly time: { now(): number },
    private readonly interval: number,
  ) {
    this.tickedAt = time.now()
  }

  /** At each tick, before anything is looked at. */
  tick(): void {
    this.counted = this.now()
    this.tickedAt = this.time.now()
  }

  now(): number {
    return this.counted + Math.min(Math.max(0, this.time.now() - this.tickedAt), 2 * this.interval)
  }
}
