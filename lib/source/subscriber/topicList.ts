import { map } from 'rxjs'
import type { TopicDescription } from '../../client/KafkaAdmin.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { unknownPartition } from './unknownPartition.js'

/** All partitions of these topics. */
export const topicList = (topics: readonly string[]): KafkaSubscriber => ({
  name: 'TopicListSubscriber',
  partitions: (admin) => admin.describeTopics(topics).pipe(map((descriptions) => descriptions.flatMap(partitionsOf))),
  check: (found, wasThere) => {
    const there = new Set(found.map(({ topic }) => topic))
    const missing = topics.filter((topic) => !there.has(topic) && !wasThere(new TopicPartition(topic, 0)))
    if (missing.length > 0)
      throw unknownPartition(
        `Failed to get metadata for topics [${topics.join(', ')}]. The brokers do not know: ${missing.join(', ')}. Create ` +
          'them, or look for a typing error in setTopics.',
        missing[0]!,
      )
  },
})

export const partitionsOf = ({ name, partitions }: TopicDescription): readonly TopicPartition[] =>
  partitions.map(({ partition }) => new TopicPartition(name, partition))
