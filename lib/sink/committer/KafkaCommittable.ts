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
  /** By what the checkpoint store notes that it is committed; by the transactional id when left out, as where no id is used twice. */
  readonly mark?: string
}

/** By what the checkpoint store knows a transaction, and notes that it is committed: unique within its sink for good. */
export const markOf = ({ mark, transactionalId }: Pick<KafkaCommittable, 'mark' | 'transactionalId'>): string =>
  mark ?? transactionalId

/** 64 bits wide, which no number of JSON is: text. */
const bigIntText = new t.Type<bigint, string>(
  'integer as text',
  (value): value is bigint => typeof value === 'bigint',
  (value, context) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? t.success(BigInt(value)) : t.failure(value, context),
  String,
)

/** In a checkpoint. */
export const KafkaCommittableCodec: t.Type<KafkaCommittable, unknown> = t.exact(
  t.intersection([
    t.type({
      transactionalId: t.string,
      producerId: bigIntText,
      epoch: t.number,
      checkpointId: t.number,
      records: t.number,
    }),
    t.partial({ mark: t.string }),
  ]),
)
