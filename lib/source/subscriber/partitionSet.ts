import { map } from 'rxjs'
import { TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { partitionsOf } from './topicList.js'
import { unknownPartition } from './unknownPartition.js'

/** Just these partitions. One that does not exist fails the discovery. */
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
          for (const [key, { topic }] of wanted)
            if (!existing.has(key)) throw unknownPartition(`Partition '${key}' does not exist on Kafka brokers`, topic)
          return [...wanted.values()]
        }),
      ),
  }
}
