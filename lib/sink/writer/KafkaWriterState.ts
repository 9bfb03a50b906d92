import * as t from 'io-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { CheckpointError } from '../../checkpoint/CheckpointError.js'
import { stateCodec, upgrade } from '../../checkpoint/StateCodec.js'
import { KafkaCommittableCodec } from '../committer/KafkaCommittable.js'

/** Where a state comes from. Subtasks in several processes take checkpoints of their own, so each notes its own number. */
export interface WrittenBy {
  readonly subtaskIndex: number
  readonly checkpointId: number
}

/** What a transaction strategy keeps; only the one that is named reads the rest. */
const NamingState = t.readonly(t.type({ strategy: t.string }))

export type NamingState = t.TypeOf<typeof NamingState>

const Version1 = t.strict({
  transactionalIdPrefix: t.string,
  subtaskIndex: t.number,
  parallelism: t.number,
  checkpointId: t.number,
  committables: t.readonlyArray(KafkaCommittableCodec),
})

const Version2 = t.intersection([Version1, t.partial({ lastNumber: t.number })])

const Version3 = t.readonly(t.strict({ ...Version1.type.props, naming: NamingState }))

/**
 * What an exactly-once writer keeps in a checkpoint: every transaction that is prepared and not known to be committed, and what its
 * transaction strategy needs to find those that are not in it.
 */
export type KafkaWriterState = t.TypeOf<typeof Version3>

/** Version 3. Before it there was only INCREMENTING, and only version 2 had noted its last number. */
const kafkaWriterState = stateCodec('KafkaSink', 3, Version3, {
  1: upgrade(Version1, (state) => ({ ...state, naming: { strategy: 'INCREMENTING' } })),
  2: upgrade(Version2, ({ lastNumber, ...state }) => ({
    ...state,
    naming: { strategy: 'INCREMENTING', ...(lastNumber === undefined ? {} : { lastNumber }) },
  })),
})

export const encodeWriterState = (state: KafkaWriterState): unknown => kafkaWriterState.encode(state)

/** @param writtenBy what a state of version 1 does not say */
export const decodeWriterState = (json: unknown, writtenBy: WrittenBy): Either<CheckpointError, KafkaWriterState> =>
  kafkaWriterState.decode(nested(json, writtenBy))

/** The states of Kafka sinks among these, which are in the order of their subtasks. */
export const sinkStatesAmong = (states: readonly unknown[], checkpointId: number): readonly KafkaWriterState[] =>
  states.flatMap((state, subtaskIndex) => {
    const decoded = decodeWriterState(state, { subtaskIndex, checkpointId })
    return decoded._tag === 'Right' ? [decoded.right] : []
  })

/** Before version 3 a state stood beside its version. */
const nested = (json: unknown, writtenBy: WrittenBy): unknown => {
  if (typeof json !== 'object' || json === null || !('version' in json) || 'state' in json) return json
  const { version, ...state } = json
  return { version, state: version === 1 ? { ...state, ...writtenBy } : state }
}
