import * as t from 'io-ts'
import { stateCodec, upgrade } from '../../checkpoint/StateCodec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'

/**
 * What a source puts into a checkpoint: the splits of this subtask where they stand, finished ones too (so that they are not
 * found again), and whether the first discovery is over (what is found later starts from the earliest offset, FLIP-288).
 */
export interface KafkaSourceState {
  /** whose it is, and of how many; unknown in states of version 1 */
  readonly subtask: SourceSubtask | undefined
  readonly splits: readonly KafkaPartitionSplit[]
  readonly initialDiscoveryFinished: boolean
}

export interface SourceSubtask {
  readonly subtaskIndex: number
  readonly parallelism: number
}

const StoredSplit = t.intersection([
  t.type({ topic: t.string, partition: t.number, offset: t.number }),
  t.partial({ stoppingOffset: t.number }),
])

const Version1 = t.type({ splits: t.array(StoredSplit), initialDiscoveryFinished: t.boolean })

const Version2 = t.intersection([Version1, t.type({ subtaskIndex: t.number, parallelism: t.number })])

const decoded = (
  { splits, initialDiscoveryFinished }: t.TypeOf<typeof Version1>,
  subtask: SourceSubtask | undefined,
): KafkaSourceState => ({
  subtask,
  splits: splits.map(({ topic, partition, offset, stoppingOffset }) => ({
    topicPartition: new TopicPartition(topic, partition),
    startingOffset: offset,
    stoppingOffset,
  })),
  initialDiscoveryFinished,
})

const Codec = new t.Type<KafkaSourceState, t.TypeOf<typeof Version1>>(
  'KafkaSourceState',
  (_value): _value is KafkaSourceState => true,
  (json, context) => {
    const stored = Version2.validate(json, context)
    if (stored._tag === 'Left') return stored
    const { subtaskIndex, parallelism } = stored.right
    return t.success(decoded(stored.right, { subtaskIndex, parallelism }))
  },
  ({ subtask, splits, initialDiscoveryFinished }) => ({
    ...subtask,
    splits: splits.map(({ topicPartition: { topic, partition }, startingOffset, stoppingOffset }) => ({
      topic,
      partition,
      offset: startingOffset,
      ...(stoppingOffset === undefined ? {} : { stoppingOffset }),
    })),
    initialDiscoveryFinished,
  }),
)

/** Version 2. */
export const kafkaSourceState = stateCodec('KafkaSource', 2, Codec, {
  1: upgrade(Version1, (stored) => decoded(stored, undefined)),
})
