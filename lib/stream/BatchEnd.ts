import { acknowledgeOnce } from './acknowledgeOnce.js'

/**
 * The end of a batch of one split. `acknowledge` is the demand for that split's next batch: called once, by the end of
 * the pipeline, when it has taken the batch over. To pause, an operator passes it on at once with an `acknowledge` that
 * answers later; it never holds the element itself back, since a barrier may follow.
 */
export interface BatchEnd {
  readonly kind: 'batchEnd'
  acknowledge(): void
}

/** The end of a batch whose second acknowledgement is a `StreamError`; `split` names it there. */
export function batchEnd(acknowledge: () => void, split?: string): BatchEnd {
  const what = split === undefined ? 'The end of a batch' : `The end of a batch of ${split}`
  return { kind: 'batchEnd', acknowledge: acknowledgeOnce(what, acknowledge) }
}
