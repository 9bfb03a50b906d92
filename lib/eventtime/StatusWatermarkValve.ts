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
 *   emitted, so it does not hold the others back. One that is further already counts at once: its watermark is emitted
 *   if no other counts.
 * - All idle: the latest of all is emitted, then idleness, whichever of them was the last to go and however far it had
 *   caught up.
 *
 * Flink's `StatusWatermarkValve`, as of FLINK-40475. The recorded cases in spec/golden are of Flink 2.2.1, which did not
 * look again when an input came back, and not always when the last one went.
 */
export class StatusWatermarkValve<Input> implements WatermarkCombination<Input> {
  private readonly channels = new Map<Input, Channel>()
  private emitted = MIN_WATERMARK
  private idle = false

  constructor(private readonly output: WatermarkOutput) {}

  add(input: Input): void {
    this.channels.set(input, { watermark: MIN_WATERMARK, idle: false, aligned: this.emitted === MIN_WATERMARK })
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
    this.update()
  }

  markActive(input: Input): void {
    const channel = this.channels.get(input)
    if (channel === undefined || !channel.idle) return
    channel.idle = false
    channel.aligned = channel.watermark >= this.emitted
    this.update()
  }

  update(): void {
    if (this.channels.size === 0) return
    const channels = [...this.channels.values()]
    if (channels.some(({ idle }) => !idle)) {
      // Before the watermark: one of an idle stream is ignored.
      this.resume()
      this.emitLeast()
    } else {
      this.emit(Math.max(...channels.map(({ watermark }) => watermark)))
      this.standDown()
    }
  }

  standDown(): void {
    this.idle = true
    this.output.markIdle()
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
    let least: number | undefined
    for (const { aligned, watermark } of this.channels.values())
      if (aligned && (least === undefined || watermark < least)) least = watermark
    if (least !== undefined) this.emit(least)
  }

  private emit(watermark: number): void {
    if (watermark <= this.emitted) return
    this.emitted = watermark
    this.output.emitWatermark(watermark)
  }
}
