import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'

/**
 * Misuse of a stream of elements, found as it happens.
 *
 * - `AcknowledgedTwice`: two ends acknowledged one element; use `branch`.
 * - `InvalidAccumulator`: `accumulate` or `merge` of a window gave undefined.
 * - `InvalidKey`: `keyBy` gave what is no text and no finite number.
 * - `InvalidTimestamp`: an event time that is none: `NaN`, undefined, a `Date`.
 * - `InvalidWatermark`: the same for a watermark.
 * - `InvalidWindow`: a window assigner gave what is no window.
 * - `LateBarrier`: an input of a merge delivered the barrier of a checkpoint whose barrier is out.
 * - `LateOutput`: a chain in `onRecords` answered outside of `next()`, or with a promise; use `mapAsync` or `processBatches`.
 * - `NoFinalBarrier`: the stream completed without a final barrier; records are uncommitted.
 * - `NoRestored`: a stream that reached a sink does not begin with `Restored`, so no source of ours is behind it.
 * - `NoTimestamp`: a record without event time reached a window.
 * - `RescaledKeyedState`: keyed state was restored with another parallelism.
 * - `SubscribedTooLate`: the elements of a split were subscribed to after their attempt had ended.
 * - `SubscribedTwice`: the elements of a split were subscribed a second time within an attempt.
 */
export type StreamErrorTag =
  | 'AcknowledgedTwice'
  | 'InvalidAccumulator'
  | 'InvalidKey'
  | 'InvalidTimestamp'
  | 'InvalidWatermark'
  | 'InvalidWindow'
  | 'LateBarrier'
  | 'LateOutput'
  | 'NoFinalBarrier'
  | 'NoRestored'
  | 'NoTimestamp'
  | 'RescaledKeyedState'
  | 'SubscribedTooLate'
  | 'SubscribedTwice'

/**
 * An error of the stream itself; a retry runs into it again, so it is never retriable.
 *
 * @example
 * ```ts
 * try {
 *   new Watermark(Date.parse('yesterday'))
 * } catch (error) {
 *   if (error instanceof StreamError) console.log(error._tag) // 'InvalidWatermark'
 * }
 * ```
 */
export class StreamError extends Error {
  static {
    recognizeAcrossCopies(this, 'StreamError')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'StreamError'
  /** A new attempt meets the same error, so {@link restart} does not try. */
  readonly retriable = false

  constructor(
    /** its kind */
    readonly _tag: StreamErrorTag,
    message: string,
  ) {
    super(message)
  }
}
