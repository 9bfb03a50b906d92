/** Where watermarks go. Who implements it decides what is new: a generator may repeat itself. */
export interface WatermarkOutput {
  /** No more events with a timestamp at or before `timestamp` (ms). Also ends idleness. */
  emitWatermark(timestamp: number): void
  /** There is nothing to be expected for now: do not wait for watermarks from here. */
  markIdle(): void
  /** Watermarks from here count again. Without effect when it is active. */
  markActive(): void
}

/**
 * Makes watermarks from the timestamps of events. Flink's interface of that name.
 *
 * Each split has a generator of its own. It is called for every record, after the record has been emitted, and at every
 * tick.
 */
export interface WatermarkGenerator<T> {
  /**
   * Sees every event; may emit at once (punctuated watermarks). `timestamp` in ms, `-Infinity` when the event has none.
   */
  onEvent(event: T, timestamp: number, output: WatermarkOutput): void
  /** Called at every tick, 200 ms apart by default. */
  onPeriodicEmit(output: WatermarkOutput): void
}
