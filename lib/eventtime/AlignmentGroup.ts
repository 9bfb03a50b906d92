import { MAX_WATERMARK, MIN_WATERMARK } from '../stream/Watermark.js'

/**
 * Who may read on, and who has to wait for slower ones. Pure state: someone else has the timer and does the waiting.
 * Flink's `SourceCoordinator.announceCombinedWatermark`.
 */
export class AlignmentGroup {
  private readonly members = new Set<AlignmentMember>()

  /** @param onEmpty called when the last member has left */
  constructor(private readonly onEmpty: () => void = () => undefined) {}

  /** @param maxDrift ms of event time */
  join(maxDrift: number): AlignmentMember {
    const member: AlignmentMember = new AlignmentMember(
      () => this.leastReport() + maxDrift,
      () => {
        if (this.members.delete(member) && this.members.size === 0) this.onEmpty()
      },
    )
    this.members.add(member)
    return member
  }

  private leastReport(): number {
    let least = MAX_WATERMARK
    for (const { reported } of this.members) least = Math.min(least, reported)
    return least
  }
}

/** One stream of a group. It is told what the stream says, and reports that to the group. */
export class AlignmentMember {
  /** What the others see: `MAX_WATERMARK` while it holds nobody, which is when it is idle or has no watermark yet. */
  reported = MAX_WATERMARK
  private watermark = MIN_WATERMARK
  private idle = false
  private allowed = MAX_WATERMARK

  constructor(
    private readonly allowedByGroup: () => number,
    private readonly onLeave: () => void,
  ) {}

  /** Its own watermark is ahead. That of the slowest member never is. */
  get paused(): boolean {
    return this.isAhead(this.watermark)
  }

  /** This watermark, of a part of the stream, is further ahead than the group allows. */
  isAhead(watermark: number): boolean {
    return watermark > this.allowed
  }

  /** Up to here it may come. `MAX_WATERMARK`: there is none to wait for. */
  get bound(): number {
    return this.allowed
  }

  emitWatermark(timestamp: number): void {
    const begins = this.idle || this.watermark === MIN_WATERMARK
    this.watermark = timestamp
    this.idle = false
    if (begins) this.report()
  }

  setIdle(idle: boolean): void {
    if (this.idle === idle) return
    this.idle = idle
    this.report()
  }

  /** To be called every interval. What begins or ceases to count is reported at once. */
  report(): void {
    this.reported = this.idle || this.watermark === MIN_WATERMARK ? MAX_WATERMARK : this.watermark
    this.allowed = this.allowedByGroup()
  }

  /** The others do not wait for it any more, nor it for them. */
  leave(): void {
    this.allowed = MAX_WATERMARK
    this.onLeave()
  }
}
