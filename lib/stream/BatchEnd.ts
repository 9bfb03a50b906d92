/**
 * The end of a batch of one split. `acknowledge` is the demand for that split's next batch: called once, by the end of the
 * pipeline, when it has taken the batch over. To pause, an operator passes it on at once with an `acknowledge` that answers
 * later; it never holds the element itself back, since a barrier may follow.
 */
export interface BatchEnd {
  readonly kind: 'batchEnd'
  acknowledge(): void
}
