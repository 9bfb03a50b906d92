/** The input that a combined watermark waits for: a split of a source, an input of a union. */
export interface WatermarkHolder {
  /** `topic-partition` of a split, the `id` given to `combineWatermarks`; the name of an input of `unionElements`, or `input 0`, `input 1`, … without names. */
  readonly id: string
  /** Its own watermark (ms of event time), which is the combined one. `-Infinity`: it has none yet. */
  readonly watermark: number
  /** Since when it has been the slowest, in ms since the epoch, as the clock was set then. */
  readonly since: number
  /** What the combined watermark would be if this input were idle: what `withIdleness` would change. */
  readonly watermarkWithout: number
}

/** Receives the holder: a `BehaviorSubject`, or anything with `next`. Undefined: no input holds the watermark back. */
export interface WatermarkHolderObserver {
  /** Called whenever another input holds the watermark back, one of its facts has changed, or none holds it back any more. */
  next(holder: WatermarkHolder | undefined): void
}
