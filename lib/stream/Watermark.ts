import { described } from '../checks/described.js'
import { StreamError } from './StreamError.js'

/**
 * No more records with a timestamp at or before this one (ms since the epoch) will come.
 *
 * @example
 * ```ts
 * // Tells how far event time has come.
 * const progress = elementOperator<string>((destination) => ({
 *   watermark: (watermark) => {
 *     console.log(new Date(watermark.timestamp).toISOString())
 *     destination.next(watermark)
 *   },
 * }))
 * of(new Watermark(99)).pipe(progress).subscribe() // '1970-01-01T00:00:00.099Z'
 * ```
 */
export class Watermark {
  /** Tells it from other elements. */
  readonly kind = 'watermark'

  /** Throws a `StreamError` `InvalidWatermark` for what is no number: it would compare with no other. */
  constructor(
    /** ms since the epoch, inclusive; `MIN_WATERMARK` and `MAX_WATERMARK` are its ends */
    readonly timestamp: number,
  ) {
    if (typeof timestamp !== 'number' || Number.isNaN(timestamp)) throw invalidWatermark(timestamp)
  }
}

const invalidWatermark = (given: unknown): StreamError =>
  new StreamError(
    'InvalidWatermark',
    `A watermark was made of ${described(given)}. It is ms since the epoch as a number; most likely it was computed from an event ` +
      'without a time.',
  )

/** Before any watermark. Flink's `Long.MIN_VALUE`. */
export const MIN_WATERMARK = -Infinity

/** The end of event time: nothing follows. Flink's `Long.MAX_VALUE`. */
export const MAX_WATERMARK = Infinity
