import { KafkaError } from '../../client/KafkaError.js'
import { StreamError } from '../../stream/StreamError.js'
import type { DeliveryGuarantee } from '../DeliveryGuarantee.js'

/** A guarantee that rests on checkpoints, on a stream that has none. */
export const withoutCheckpoints = (guarantee: DeliveryGuarantee): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message:
      `The delivery guarantee ${guarantee} rests on checkpoints, but this stream has none. ` +
      `Give the source a coordinator (source.elements({ checkpoints })), or set DeliveryGuarantee.NONE.`,
  })

/** The input completed early: an operator like `take` over the elements, instead of inside of `onRecords`. */
export const withoutFinalBarrier = (records: number): StreamError =>
  new StreamError(
    'NoFinalBarrier',
    `The stream completed without a final checkpoint; ${records} records written since the last one are not committed. ` +
      `End the stream at its source (setBounded, stopWithSavepoint) or within onRecords(take(n)), which asks for the final checkpoint.`,
  )
