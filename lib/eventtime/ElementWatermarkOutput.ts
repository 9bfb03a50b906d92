import { MIN_WATERMARK, Watermark } from '../stream/Watermark.js'
import { WatermarkStatus } from '../stream/WatermarkStatus.js'
import type { WatermarkOutput } from './WatermarkGenerator.js'

/**
 * Turns what generators and combinations say into stream elements, and drops what says nothing new: a watermark that
 * does not grow, a status that does not change. A watermark that grows ends idleness. Flink's `WatermarkToDataOutput`.
 */
export class ElementWatermarkOutput implements WatermarkOutput {
  private watermark = MIN_WATERMARK
  private idle = false

  constructor(private readonly emit: (element: Watermark | WatermarkStatus) => void) {}

  emitWatermark(timestamp: number): void {
    if (timestamp <= this.watermark) return
    this.watermark = timestamp
    this.markActive()
    this.emit(new Watermark(timestamp))
  }

  markIdle(): void {
    if (this.idle) return
    this.idle = true
    this.emit(new WatermarkStatus(true))
  }

  markActive(): void {
    if (!this.idle) return
    this.idle = false
    this.emit(new WatermarkStatus(false))
  }
}
