import * as t from 'io-ts'
import { decodeCommittable, encodeCommittable, KafkaCommittableCodec } from '../committer/KafkaCommittable.js'
import type { KafkaCommittable } from '../committer/KafkaCommittable.js'

/** What an exactly-once writer keeps in a checkpoint: every transaction that is prepared and not known to be committed. */
export interface KafkaWriterState {
  readonly transactionalIdPrefix: string
  readonly parallelism: number
  readonly committables: readonly KafkaCommittable[]
}

const Version1 = t.strict({
  version: t.literal(1),
  transactionalIdPrefix: t.string,
  parallelism: t.number,
  committables: t.array(KafkaCommittableCodec),
})

export const encodeWriterState = (state: KafkaWriterState): t.TypeOf<typeof Version1> => ({
  version: 1,
  transactionalIdPrefix: state.transactionalIdPrefix,
  parallelism: state.parallelism,
  committables: state.committables.map(encodeCommittable),
})

export const decodeWriterState = (json: unknown): t.Validation<KafkaWriterState> => {
  const decoded = Version1.decode(json)
  return decoded._tag === 'Left'
    ? decoded
    : t.success({
        transactionalIdPrefix: decoded.right.transactionalIdPrefix,
        parallelism: decoded.right.parallelism,
        committables: decoded.right.committables.map(decodeCommittable),
      })
}
