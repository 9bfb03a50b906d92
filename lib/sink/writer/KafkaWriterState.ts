import * as t from 'io-ts'
import { decodeCommittable, encodeCommittable, KafkaCommittableCodec } from '../committer/KafkaCommittable.js'
import type { KafkaCommittable } from '../committer/KafkaCommittable.js'

/** What an exactly-once writer keeps in a checkpoint: every transaction that is prepared and not known to be committed. */
export interface KafkaWriterState extends WrittenBy {
  readonly transactionalIdPrefix: string
  readonly parallelism: number
  readonly committables: readonly KafkaCommittable[]
  /** Ids with higher numbers had no transaction that a checkpoint knew of; undefined: before release 0.2. */
  readonly lastNumber?: number | undefined
}

/** Where a state comes from. Subtasks in several processes take checkpoints of their own, so each notes its own number. */
export interface WrittenBy {
  readonly subtaskIndex: number
  readonly checkpointId: number
}

const Version1 = t.strict({
  version: t.literal(1),
  transactionalIdPrefix: t.string,
  parallelism: t.number,
  committables: t.array(KafkaCommittableCodec),
})

const Version2 = t.intersection([
  t.strict({
    version: t.literal(2),
    transactionalIdPrefix: t.string,
    subtaskIndex: t.number,
    parallelism: t.number,
    checkpointId: t.number,
    committables: t.array(KafkaCommittableCodec),
  }),
  t.partial({ lastNumber: t.number }),
])

const Stored = t.union([Version2, Version1])

export const encodeWriterState = (state: KafkaWriterState): t.TypeOf<typeof Version2> => ({
  version: 2,
  transactionalIdPrefix: state.transactionalIdPrefix,
  subtaskIndex: state.subtaskIndex,
  parallelism: state.parallelism,
  checkpointId: state.checkpointId,
  committables: state.committables.map(encodeCommittable),
  ...(state.lastNumber === undefined ? {} : { lastNumber: state.lastNumber }),
})

/** @param writtenBy what a state of version 1 does not say */
export const decodeWriterState = (json: unknown, writtenBy: WrittenBy): t.Validation<KafkaWriterState> => {
  const decoded = Stored.decode(json)
  if (decoded._tag === 'Left') return decoded
  const { transactionalIdPrefix, parallelism, committables } = decoded.right
  const { subtaskIndex, checkpointId } = decoded.right.version === 1 ? writtenBy : decoded.right
  return t.success({
    ...{ transactionalIdPrefix, subtaskIndex, parallelism, checkpointId },
    committables: committables.map(decodeCommittable),
    lastNumber: decoded.right.version === 1 ? undefined : decoded.right.lastNumber,
  })
}
