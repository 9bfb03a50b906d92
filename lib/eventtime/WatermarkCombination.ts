import type { SlowestInput } from './slowestInput.js'

/**
 * Makes one watermark of those of several inputs, and one status. Pure state; what it decides goes to a `WatermarkOutput`. It
 * alone says whether the stream is idle: two notes of that would come to contradict each other.
 *
 * - `CombinedWatermarkStatus`: the splits of one source.
 * - `StatusWatermarkValve`: several streams.
 */
export interface WatermarkCombination<Input> {
  /** Holds the watermark back until its first one. Emits nothing by itself: see `update`. */
  add(input: Input): void
  /** False when there is no such input. Emits nothing by itself, as in Flink: see `update`. */
  remove(input: Input): boolean
  emitWatermark(input: Input, timestamp: number): void
  markIdle(input: Input): void
  markActive(input: Input): void
  /** Emits what the inputs allow now, and whether they are idle: after one has come or gone. */
  update(): void
  /** There is no input: idle until one comes. */
  standDown(): void
  /** The input that it waits for. */
  readonly slowest: SlowestInput<Input> | undefined
}
