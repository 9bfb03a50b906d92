import { MIN_WATERMARK } from '../stream/Watermark.js'
import type { WatermarkGenerator } from './WatermarkGenerator.js'

/**
 * Events may come up to `maxOutOfOrderness` ms late: at each tick the watermark is the highest timestamp -
 * `maxOutOfOrderness` - 1. With 0, for timestamps that ascend: the highest - 1, since another event may have the same
 * timestamp.
 *
 * Flink's `BoundedOutOfOrdernessWatermarks` and `AscendingTimestampsWatermarks`.
 */
export function boundedOutOfOrderness(maxOutOfOrderness: number): WatermarkGenerator<unknown> {
  let highest = MIN_WATERMARK
  return {
    onEvent: (_, timestamp) => {
      if (timestamp > highest) highest = timestamp
    },
    onPeriodicEmit: (output) => {
      output.emitWatermark(highest - maxOutOfOrderness - 1)
    },
  }
}
