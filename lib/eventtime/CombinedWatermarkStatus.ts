import { MIN_WATERMARK } from '../stream/Watermark.js'
import { slowestInput } from './slowestInput.js'
import type { SlowestInput } from './slowestInput.js'
import type { WatermarkCombination } from './WatermarkCombination.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'

interface PartialWatermark {
  watermark: number
  idle: boolean
}

/**
 * The watermark of a source with several splits: the least of those that are not idle, emitted when it grows.
 *
 * - All idle: nothing more is to be expected before the latest watermark of all, so that one is emitted, and idleness
 *   after it.
 * - One of them active again, or a new one: the source is active, from then on and not only when its watermark grows. A
 *   watermark makes its split active. The combined one waits for it, but never goes back.
 * - No split at all: nothing is said, but by who knows that there is none (`standDown`).
 *
 * Flink's `WatermarkOutputMultiplexer` with its `CombinedWatermarkStatus`, as of FLINK-40504. The recorded cases in
 * spec/golden are of Flink 2.2.1, where a source stayed idle until its watermark grew.
 */
export class CombinedWatermarkStatus<Split> implements WatermarkCombination<Split> {
  private readonly splits = new Map<Split, PartialWatermark>()
  private combined = MIN_WATERMARK
  private idle = false
  private deferring = false

  constructor(private readonly output: WatermarkOutput) {}

  add(split: Split): void {
    this.splits.set(split, { watermark: MIN_WATERMARK, idle: false })
  }

  remove(split: Split): boolean {
    return this.splits.delete(split)
  }

  emitWatermark(split: Split, timestamp: number): void {
    const partial = this.splits.get(split)
    if (partial === undefined) return
    if (note(partial, timestamp) && timestamp > this.combined) this.update()
    else this.resume()
  }

  markIdle(split: Split): void {
    this.setIdle(split, true)
    this.update()
  }

  markActive(split: Split): void {
    this.setIdle(split, false)
    this.update()
  }

  /** What splits say within the call is combined at the next `update`: a tick asks all of them first. */
  defer(ask: () => void): void {
    this.deferring = true
    ask()
    this.deferring = false
  }

  get slowest(): SlowestInput<Split> | undefined {
    const all = [...this.splits]
    const active = all.flatMap(([split, { idle, watermark }]) => (idle ? [] : [[split, watermark] as const]))
    return slowestInput(active, this.combined, Math.max(...all.map(([, { watermark }]) => watermark)))
  }

  /** Emits what all splits together allow. */
  update(): void {
    if (this.splits.size === 0 || this.deferring) return
    let least = Infinity
    let latest = MIN_WATERMARK
    let idle = true
    for (const partial of this.splits.values()) {
      if (partial.watermark > latest) latest = partial.watermark
      if (partial.idle) continue
      // It is what the combined one waits for, whatever the others are.
      if (partial.watermark <= this.combined) return this.resume()
      idle = false
      if (partial.watermark < least) least = partial.watermark
    }
    const combined = idle ? latest : least
    if (!idle) this.resume()
    if (combined > this.combined) {
      this.combined = combined
      this.output.emitWatermark(combined)
    }
    if (idle) this.standDown()
  }

  standDown(): void {
    this.idle = true
    this.output.markIdle()
  }

  private resume(): void {
    if (!this.idle || this.deferring) return
    this.idle = false
    this.output.markActive()
  }

  private setIdle(split: Split, idle: boolean): void {
    const partial = this.splits.get(split)
    if (partial !== undefined) partial.idle = idle
  }
}

/** True if it is a later one. */
function note(partial: PartialWatermark, timestamp: number): boolean {
  partial.idle = false
  if (timestamp <= partial.watermark) return false
  partial.watermark = timestamp
  return true
}
