import { CheckpointError } from '../../checkpoint/CheckpointError.js'
import { KafkaError } from '../../client/KafkaError.js'
import { StreamError } from '../../stream/StreamError.js'
import type { DeliveryGuarantee } from '../DeliveryGuarantee.js'
import { memberOf } from '../../checks/memberOf.js'

/** A guarantee that rests on checkpoints, on a stream that has none. */
export const withoutCheckpoints = (guarantee: DeliveryGuarantee): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message:
      `The delivery guarantee ${guarantee} rests on checkpoints, but this stream has none. ` +
      `Give the source a coordinator (source.elements({ checkpoints })), or set DeliveryGuarantee.NONE.`,
  })

/** A store of someone else's making that keeps checkpoints alone. */
export const withoutLedger = (): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message:
      'The checkpoint store of this job does not keep what EXACTLY_ONCE needs beside checkpoints (StoredAttempt.ledger). Make the store by ' +
      'checkpointStoreOn(storage), where a storage has five calls; or, if it wraps another store, pass its ledger on.',
  })

/** The input completed early: an operator like `take` over the elements, instead of inside of `onRecords`. */
export const withoutFinalBarrier = (records: number): StreamError =>
  new StreamError(
    'NoFinalBarrier',
    `The stream completed without a final checkpoint; ${records} records written since the last one are not committed. ` +
      `End the stream at its source (setBounded, stopWithSavepoint) or within onRecords(take(n)), which asks for the final checkpoint.`,
  )

/** The sink was unsubscribed between the completion of a checkpoint and the commit of its transactions. */
export const stoppedBeforeCommit = (): CheckpointError =>
  new CheckpointError('Aborted', 'The pipeline was unsubscribed before it had committed what the checkpoint holds.')

/** An ordinary Observable: without control elements there is nothing to say when to write, to acknowledge, or to begin. */
export const withoutRestored = (first: unknown): StreamError =>
  new StreamError(
    'NoRestored',
    `The stream into sinkTo begins with ${describe(first)}, not with Restored, so it does not come from a source of this library. sinkTo ` +
      'writes what source.elements() and source.splits() emit, and what operators on elements (onRecords, mapAsync) make of it: put the ' +
      'RxJS operators that made this stream into onRecords(...). To write an Observable of your own, emit a Restored first, and use ' +
      'DeliveryGuarantee.NONE: nothing takes checkpoints of it.',
  )

const describe = (first: unknown): string => {
  if (typeof first !== 'object' || first === null)
    return first === null || first === undefined ? String(first) : `a ${typeof first}`
  const kind = memberOf(first, 'kind')
  return typeof kind === 'string' ? `a stream element of kind "${kind}"` : 'an object that is no stream element'
}
