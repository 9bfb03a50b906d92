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
  /**
   * how many partitions each topic had when it was found, those of other subtasks too: a topic that is missing now was there
   * before, or is misspelt; empty in states before version 3
   */
  readonly topics: ReadonlyMap<string, number>
  readonly splits: readonly KafkaPartitionSplit[]
  readonly initialDiscoveryFinished: boolean
}

export interface SourceSubtask {
  readonly subtaskIndex: number
  readonly parallelism: number
}

const Subtask = t.type({ subtaskIndex: t.number, parallelism: t.number })

const StoredSplit = t.intersection([
  t.type({ topic: t.string, partition: t.number, offset: t.number }),
  t.partial({ stoppingOffset: t.number, topicId: t.string, leaderEpoch: t.number }),
])

const Version1 = t.type({ splits: t.array(StoredSplit), initialDiscoveryFinished: t.boolean })

const Version2 = t.intersection([Version1, Subtask])

const Version3 = t.intersection([Version2, t.type({ topics: t.record(t.string, t.number) })])

const decoded = (
  { splits, initialDiscoveryFinished }: t.TypeOf<typeof Version1>,
  subtask: SourceSubtask | undefined,
  topics: Readonly<Record<string, number>> = {},
): KafkaSourceState => ({
  subtask,
  topics: new Map(Object.entries(topics)),
  splits: splits.map(({ topic, partition, offset, stoppingOffset, topicId, leaderEpoch }) => ({
    topicPartition: new TopicPartition(topic, partition),
    startingOffset: offset,
    stoppingOffset,
    topicId,
    leaderEpoch,
  })),
  initialDiscoveryFinished,
})

const Codec = new t.Type<KafkaSourceState, t.TypeOf<typeof Version1>>(
  'KafkaSourceState',
  (_value): _value is KafkaSourceState => true,
  (json, context) => {
    const stored = Version3.validate(json, context)
    if (stored._tag === 'Left') return stored
    const { subtaskIndex, parallelism, topics } = stored.right
    return t.success(decoded(stored.right, { subtaskIndex, parallelism }, topics))
  },
  ({ subtask, topics, splits, initialDiscoveryFinished }) => ({
    ...subtask,
    topics: Object.fromEntries(topics),
    splits: splits.map(
      ({ topicPartition: { topic, partition }, startingOffset, stoppingOffset, topicId, leaderEpoch }) => ({
        topic,
        partition,
        offset: startingOffset,
        ...(stoppingOffset === undefined ? {} : { stoppingOffset }),
        ...(topicId === undefined ? {} : { topicId }),
        ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
      }),
    ),
    initialDiscoveryFinished,
  }),
)

/** Version 3. Version 2 had neither the topics nor what tells one log from another; version 1 did not say whose it is. */
export const kafkaSourceState = stateCodec('KafkaSource', 3, Codec, {
  1: upgrade(Version1, (stored) => decoded(stored, undefined)),
  2: upgrade(Version2, ({ subtaskIndex, parallelism, ...stored }) => decoded(stored, { subtaskIndex, parallelism })),
})
