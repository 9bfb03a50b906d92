import { tap } from 'rxjs'
import { OffsetResetStrategy } from '../../../lib/client/OffsetResetStrategy.js'
import { KafkaRecordDeserializationSchema } from '../../../lib/source/deserializer/KafkaRecordDeserializationSchema.js'
import { KafkaSource } from '../../../lib/source/KafkaSource.js'
import { OffsetsInitializer } from '../../../lib/source/offsets/OffsetsInitializer.js'
import type { RecordedInitializer, RecordedSource } from './RecordedJob.js'

/** Where a record came from: all that these jobs emit. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Told what an initializer has resolved: `topic-partition` and the offset. */
export type OnResolved = (role: 'start' | 'stop', partition: string, offset: number) => void

const PREFIX = 'fg-'
/** The recording's names, as they are without the prefix that all its topics have. */
export const topicNamed = (name: string): string => `${PREFIX}${name}`

/** The source that a recorded case builds. */
export const sourceOf = (
  recorded: RecordedSource,
  topic: string,
  bootstrapServers: string,
  onResolved: OnResolved,
): KafkaSource<Origin> => {
  const { start, bounded, unbounded, topics, pattern, partitionSet, isolation, props = {}, group } = recorded
  const builder = KafkaSource.builder<Origin>()
    .setBootstrapServers(bootstrapServers)
    .setDeserializer(
      KafkaRecordDeserializationSchema.of(({ topic, partition, offset }) => ({ topic, partition, offset })),
    )
    .setProperties(props)
  if (group !== false) builder.setGroupId(`${topic}-group`)
  if (isolation !== undefined) builder.setProperty('isolation.level', isolation)
  if (pattern !== undefined) builder.setTopicPattern(new RegExp(topicNamed(pattern)))
  else if (partitionSet !== undefined) builder.setPartitions(partitionSet.map((partition) => ({ topic, partition })))
  else builder.setTopics((topics ?? [topic.slice(PREFIX.length)]).map(topicNamed))

  const initializer = (role: 'start' | 'stop', { kind, reset, ts = 0, map = {} }: RecordedInitializer) => {
    const strategy = reset === undefined ? undefined : OffsetResetStrategy[reset]
    const offsets = Object.fromEntries(Object.entries(map).map(([p, offset]) => [`${topic}-${p}`, offset]))
    const made: OffsetsInitializer = {
      earliest: () => OffsetsInitializer.earliest(),
      latest: () => OffsetsInitializer.latest(),
      committed: () => OffsetsInitializer.committedOffsets(strategy),
      timestamp: () => OffsetsInitializer.timestamp(ts),
      offsets: () => OffsetsInitializer.offsets(offsets, strategy),
    }[kind]()
    return watched(made, (partition, offset) => {
      onResolved(role, partition, offset)
    })
  }
  if (start !== undefined) builder.setStartingOffsets(initializer('start', start))
  if (bounded !== undefined) builder.setBounded(initializer('stop', bounded))
  if (unbounded !== undefined) builder.setUnbounded(initializer('stop', unbounded))
  return builder.build()
}

/** The same initializer, overheard. */
const watched = (
  initializer: OffsetsInitializer,
  onResolved: (partition: string, offset: number) => void,
): OffsetsInitializer => ({
  ...initializer,
  getPartitionOffsets: (partitions, retriever, role) =>
    initializer.getPartitionOffsets(partitions, retriever, role).pipe(
      tap((offsets) => {
        offsets.forEach((offset, partition) => {
          onResolved(partition, offset)
        })
      }),
    ),
})
