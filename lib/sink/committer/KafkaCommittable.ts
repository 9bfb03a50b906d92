import * as t from 'io-ts'
import type { PreparedTransaction } from '../../client/KafkaProducer.js'

/**
 * A transaction that is flushed and waits for its checkpoint: enough to commit it from another process. Flink's class of this
 * name, plus what a message about its loss should say.
 */
export interface KafkaCommittable extends PreparedTransaction {
  /** the checkpoint whose completion commits it */
  readonly checkpointId: number
  readonly records: number
}

/** In a checkpoint. The producer id is 64 bits wide, so it is text. */
export const KafkaCommittableCodec = t.strict({
  transactionalId: t.string,
  producerId: t.string,
  epoch: t.number,
  checkpointId: t.number,
  records: t.number,
})

export type EncodedCommittable = t.TypeOf<typeof KafkaCommittableCodec>

export const encodeCommittable = (committable: KafkaCommittable): EncodedCommittable => ({
  transactionalId: committable.transactionalId,
  producerId: String(committable.producerId),
  epoch: committable.epoch,
  checkpointId: committable.checkpointId,
  records: committable.records,
})

export const decodeCommittable = (encoded: EncodedCommittable): KafkaCommittable => ({
  ...encoded,
  producerId: BigInt(encoded.producerId),
})
