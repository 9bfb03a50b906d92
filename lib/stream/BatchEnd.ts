import { acknowledgeOnce } from './acknowledgeOnce.js'

/**
 * So many batches of a split are on their way through a pipeline at most: one is read while the other one is worked on. What operators
 * have to hold is bounded by it.
 */
export const MAX_UNACKNOWLEDGED_BATCHES = 2

/**
 * The end of a batch of one split. `acknowledge` is the demand for that split's next batch: called once, by the end of
 * the pipeline, when it has taken the batch over. To pause, an operator passes it on at once with an `acknowledge` that
 * answers later; it never holds the element itself back, since a barrier may follow.
 */
export interface BatchEnd {
  /** Tells it from other elements. */
  readonly kind: 'batchEnd'
  /** The batch is taken over: asks for the next one of its split. A second call throws a `StreamError` `AcknowledgedTwice`. */
  acknowledge(): void
}

/**
 * Makes the end of a batch; a second acknowledgement is a `StreamError` `AcknowledgedTwice`, in which `split` is named. An operator that
 * answers later than the end of the pipeline passes on one of these.
 *
 * @example
 * ```ts
 * const pausing = <T>(ms: number) =>
 *   elementOperator<T>((destination) => ({
 *     batchEnd: (end) => destination.next(batchEnd(() => timer(ms).subscribe(() => end.acknowledge()))),
 *   }))
 * ```
 */
export function batchEnd(acknowledge: () => void, split?: string): BatchEnd {
  const what = split === undefined ? 'The end of a batch' : `The end of a batch of ${split}`
  return { kind: 'batchEnd', acknowledge: acknowledgeOnce(what, acknowledge) }
}
