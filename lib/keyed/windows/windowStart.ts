/**
 * The start of the window that holds a timestamp, of windows of `size` ms that begin at `offset`. Flink's
 * `TimeWindow.getWindowStartWithOffset`: right on both sides of 0.
 */
export function windowStart(timestamp: number, offset: number, size: number): number {
  const remainder = (timestamp - offset) % size
  return timestamp - (remainder < 0 ? remainder + size : remainder)
}
