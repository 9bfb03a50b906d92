import { MIN_WATERMARK } from '../stream/Watermark.js'
import { slowestInput } from './slowestInput.js'
import type { SlowestInput } from './slowestInput.js'
import type { WatermarkCombination } from './WatermarkCombination.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'

interface Channel {
  watermark: number
  idle: boolean
  /** It counts: it is active and not behind what has been emitted. */
  aligned: boolean
}

/**
 * The watermark of several streams that become one: the least of those that are active and have caught up.
 *
 * - Watermarks of an idle input are ignored. Back from idleness it counts again only when it has reached what was
 *   emitted, so it does not hold the others back.
 * - All idle: if the last one to go stood at the emitted watermark, the latest of all is emitted, then idleness.
 *
 * Flink's `StatusWatermarkValve`; the recorded cases are in spec/golden.
 */
export class StatusWatermarkValve<Input> implements WatermarkCombination<Input> {
  private readonly channels = new Map<Input, Channel>()
  private emitted = MIN_WATERMARK
  private idle = false

  constructor(private readonly output: WatermarkOutput) {}

  add(input: Input): void {
    this.channels.set(input, { watermark: MIN_WATERMARK, idle: false, aligned: this.emitted === MIN_WATERMARK })
    this.resume()
  }

  remove(input: Input): boolean {
    return this.channels.delete(input)
  }

  emitWatermark(input: Input, timestamp: number): void {
    const channel = this.channels.get(input)
    if (channel === undefined || channel.idle || timestamp <= channel.watermark) return
    channel.watermark = timestamp
    if (timestamp >= this.emitted) channel.aligned = true
    this.emitLeast()
  }

  markIdle(input: Input): void {
    const channel = this.channels.get(input)
    if (channel === undefined || channel.idle) return
    channel.idle = true
    channel.aligned = false
    // One that was ahead held nothing back.
    this.update(channel.watermark === this.emitted)
  }

  markActive(input: Input): void {
    const channel = this.channels.get(input)
    if (channel === undefined || !channel.idle) return
    channel.idle = false
    channel.aligned = channel.watermark >= this.emitted
    this.resume()
  }

  update(mayAdvance = true): void {
    const channels = [...this.channels.values()]
    const allIdle = channels.every(({ idle }) => idle)
    if (!allIdle) {
      if (mayAdvance) this.emitLeast()
    } else if (channels.length > 0 && !this.idle) {
      if (mayAdvance) this.emit(Math.max(...channels.map(({ watermark }) => watermark)))
      this.idle = true
      this.output.markIdle()
    }
  }

  get slowest(): SlowestInput<Input> | undefined {
    const all = [...this.channels]
    const counting = all.flatMap(([input, { aligned, watermark }]) => (aligned ? [[input, watermark] as const] : []))
    return slowestInput(counting, this.emitted, Math.max(...all.map(([, { watermark }]) => watermark)))
  }

  private resume(): void {
    if (!this.idle) return
    this.idle = false
    this.output.markActive()
  }

  private emitLeast(): void {
    const aligned = [...this.channels.values()].filter((channel) => channel.aligned)
    if (aligned.length > 0) this.emit(Math.min(...aligned.map(({ watermark }) => watermark)))
  }

  private emit(watermark: number): void {
    if (watermark <= this.emitted) return
    this.emitted = watermark
    this.output.emitWatermark(watermark)
  }
}
