import type { SlowestInput } from './slowestInput.js'

/**
 * Makes one watermark of those of several inputs. Pure state; what it decides goes to a `WatermarkOutput`.
 *
 * - `CombinedWatermarkStatus`: the splits of one source.
 * - `StatusWatermarkValve`: several streams.
 */
export interface WatermarkCombination<Input> {
  /** Holds the watermark back until its first one. */
  add(input: Input): void
  /** False when there is no such input. Emits nothing by itself, as in Flink: see `update`. */
  remove(input: Input): boolean
  emitWatermark(input: Input, timestamp: number): void
  markIdle(input: Input): void
  markActive(input: Input): void
  /** Emits what the inputs allow now: after a removal. */
  update(): void
  /** The input that it waits for. */
  readonly slowest: SlowestInput<Input> | undefined
}
