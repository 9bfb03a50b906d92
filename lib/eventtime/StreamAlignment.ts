import { asyncScheduler } from 'rxjs'
import type { SchedulerLike, Subscription } from 'rxjs'
import { aNumber, argument, aString } from '../checks/argument.js'
import { MAX_WATERMARK } from '../stream/Watermark.js'
import type { Watermark } from '../stream/Watermark.js'
import type { WatermarkStatus } from '../stream/WatermarkStatus.js'
import type { AlignmentMember } from './AlignmentGroup.js'
import { alignmentGroupNamed } from './alignmentGroupNamed.js'
import { fixedDelay } from './fixedDelay.js'
import type { WatermarkAlignment } from './WatermarkAlignment.js'

/**
 * A stream as a member of its group, from now on until it leaves: hears its watermarks and statuses, reports at the interval, and
 * says what is ahead.
 */
export class StreamAlignment {
  private readonly member: AlignmentMember
  private readonly reporting: Subscription

  /** @param onChange what is ahead may have changed */
  constructor(
    private readonly alignment: WatermarkAlignment,
    private readonly onChange: () => void,
    scheduler: SchedulerLike = asyncScheduler,
  ) {
    const { group, maxDrift, updateInterval = 1_000 } = alignment
    this.member = alignmentGroupNamed(group).join(maxDrift)
    this.reporting = fixedDelay(updateInterval, scheduler).subscribe(() => {
      this.member.report()
      onChange()
    })
  }

  /** The watermark of the slowest in the group, as of the last report. */
  get slowest(): number {
    return this.member.bound - this.alignment.maxDrift
  }

  get group(): string {
    return this.alignment.group
  }

  /** The stream as a whole is ahead: it has to wait. */
  get paused(): boolean {
    return this.member.paused
  }

  /** A part of the stream with this watermark has to wait. */
  isAhead(watermark: number): boolean {
    return this.member.isAhead(watermark)
  }

  /** Has to see everything that the stream says of its watermark. */
  watch(element: Watermark | WatermarkStatus): void {
    if (element.kind === 'watermarkStatus') this.member.setIdle(element.idle)
    else if (element.timestamp === MAX_WATERMARK) return this.leave()
    else this.member.emitWatermark(element.timestamp)
    this.onChange()
  }

  /** Nothing is ahead any more. */
  leave(): void {
    this.reporting.unsubscribe()
    this.member.leave()
    this.onChange()
  }
}

/** Throws a `RangeError` unless the drift is not negative and the interval is positive. */
export function checkAlignment(alignment: WatermarkAlignment): WatermarkAlignment {
  const { group, maxDrift, updateInterval = 1_000 } = alignment
  argument('group', group, aString)
  argument('maxDrift', maxDrift, aNumber)
  argument('updateInterval', updateInterval, aNumber)
  if (!(maxDrift >= 0)) throw new RangeError('maxDrift cannot be negative')
  if (!(updateInterval > 0)) throw new RangeError('updateInterval must be greater than zero')
  return alignment
}
