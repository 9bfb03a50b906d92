import * as t from 'io-ts'
import { stateCodec } from '../../checkpoint/StateCodec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import type { KafkaPartitionSplit } from '../split/KafkaPartitionSplit.js'

/**
 * What a source puts into a checkpoint: the splits of this subtask where they stand, finished ones too (so that they are not
 * found again), and whether the first discovery is over (what is found later starts from the earliest offset, FLIP-288).
 */
export interface KafkaSourceState {
  readonly splits: readonly KafkaPartitionSplit[]
  readonly initialDiscoveryFinished: boolean
}

const StoredSplit = t.intersection([
  t.type({ topic: t.string, partition: t.number, offset: t.number }),
  t.partial({ stoppingOffset: t.number }),
])

const Stored = t.type({ splits: t.array(StoredSplit), initialDiscoveryFinished: t.boolean })

const Codec = new t.Type<KafkaSourceState, t.TypeOf<typeof Stored>>(
  'KafkaSourceState',
  (_value): _value is KafkaSourceState => true,
  (json, context) => {
    const stored = Stored.validate(json, context)
    if (stored._tag === 'Left') return stored
    const { splits, initialDiscoveryFinished } = stored.right
    return t.success({
      splits: splits.map(({ topic, partition, offset, stoppingOffset }) => ({
        topicPartition: new TopicPartition(topic, partition),
        startingOffset: offset,
        stoppingOffset,
      })),
      initialDiscoveryFinished,
    })
  },
  ({ splits, initialDiscoveryFinished }) => ({
    splits: splits.map(({ topicPartition: { topic, partition }, startingOffset, stoppingOffset }) => ({
      topic,
      partition,
      offset: startingOffset,
      ...(stoppingOffset === undefined ? {} : { stoppingOffset }),
    })),
    initialDiscoveryFinished,
  }),
)

/** Version 1. */
export const kafkaSourceState = stateCodec('KafkaSource', 1, Codec)
