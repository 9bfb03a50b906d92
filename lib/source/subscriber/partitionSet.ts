import { map } from 'rxjs'
import { argument, type ArgumentKind, hasMethod } from '../../checks/argument.js'
import { TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { partitionsOf } from './topicList.js'
import { unknownPartition } from './unknownPartition.js'
import { memberOf } from '../../checks/memberOf.js'

/** Just these partitions. */
export const partitionSet = (
  partitions: Iterable<{ readonly topic: string; readonly partition: number }>,
): KafkaSubscriber => {
  const wanted = new Map(
    [...argument('partitions', partitions, anIterable)]
      .map((each) => argument('partition', each, aPartition))
      .map(({ topic, partition }) => [topicPartitionKey({ topic, partition }), new TopicPartition(topic, partition)]),
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

const anIterable: ArgumentKind = {
  name: 'an iterable of { topic, partition }',
  fits: (given) => typeof given === 'object' && hasMethod(given, Symbol.iterator),
}
const aPartition: ArgumentKind = {
  name: '{ topic, partition } with a name and a whole number from 0',
  fits: (given) => {
    const partition = memberOf(given, 'partition')
    return (
      typeof memberOf(given, 'topic') === 'string' &&
      typeof partition === 'number' &&
      Number.isInteger(partition) &&
      partition >= 0
    )
  },
}

const notThere = (missing: readonly (readonly [string, TopicPartition])[]) => {
  const names = missing.map(([key]) => `'${key}'`).join(', ')
  const what = missing.length === 1 ? `Partition ${names} does` : `Partitions ${names} do`
  return unknownPartition(`${what} not exist on Kafka brokers`, missing[0]![1].topic)
}
