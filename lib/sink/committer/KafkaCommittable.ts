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

/**
 * By what the checkpoint store knows a transaction, and notes that it is committed: unique within its sink for good. INCREMENTING uses no
 * transactional id twice; one that does has to tell its transactions apart here.
 */
export const markOf = ({ transactionalId }: KafkaCommittable): string => transactionalId

/** 64 bits wide, which no number of JSON is: text. */
const bigIntText = new t.Type<bigint, string>(
  'integer as text',
  (value): value is bigint => typeof value === 'bigint',
  (value, context) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? t.success(BigInt(value)) : t.failure(value, context),
  String,
)

/** In a checkpoint. */
export const KafkaCommittableCodec: t.Type<KafkaCommittable, unknown> = t.strict({
  transactionalId: t.string,
  producerId: bigIntText,
  epoch: t.number,
  checkpointId: t.number,
  records: t.number,
})
