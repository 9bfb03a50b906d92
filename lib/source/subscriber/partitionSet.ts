import { map } from 'rxjs'
import { TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { partitionsOf } from './topicList.js'
import { unknownPartition } from './unknownPartition.js'

/** Just these partitions. */
export const partitionSet = (
  partitions: Iterable<{ readonly topic: string; readonly partition: number }>,
): KafkaSubscriber => {
  const wanted = new Map(
    [...partitions].map(({ topic, partition }) => [
      topicPartitionKey({ topic, partition }),
      new TopicPartition(topic, partition),
    ]),
  )
  return {
    name: 'PartitionSetSubscriber',
    partitions: (admin) =>
      admin.describeTopics([...new Set([...wanted.values()].map(({ topic }) => topic))]).pipe(
        map((descriptions) => {
          const existing = new Set(descriptions.flatMap(partitionsOf).map(topicPartitionKey))
          return [...wanted].filter(([key]) => existing.has(key)).map(([, partition]) => partition)
        }),
      ),
    check: (found, wasThere) => {
      const there = new Set(found.map(topicPartitionKey))
      const missing = [...wanted].filter(([key, partition]) => !there.has(key) && !wasThere(partition))
      if (missing.length > 0) throw notThere(missing)
    },
  }
}

const notThere = (missing: readonly (readonly [string, TopicPartition])[]) => {
  const names = missing.map(([key]) => `'${key}'`).join(', ')
  const what = missing.length === 1 ? `Partition ${names} does` : `Partitions ${names} do`
  return unknownPartition(`${what} not exist on Kafka brokers`, missing[0]![1].topic)
}
