import { KafkaError } from './KafkaError.js'
import type { Offset } from './Offset.js'
import { type TopicPartition, topicPartitionKey } from './TopicPartition.js'

/** A position belongs to a topic that was deleted; the one that bears its name now is another one (KIP-516). */
export const topicRecreated = (
  topicPartition: TopicPartition,
  offset: Offset,
  formerId: string | undefined,
  topicId: string | undefined,
): KafkaError => {
  const { topic, partition } = topicPartition
  const ids = [formerId, topicId].map((id) => id ?? 'unknown')
  return new KafkaError({
    ...{ _tag: 'TopicRecreated', api: 'Fetch', topic, partition, offset },
    message:
      `Topic ${topic} was deleted and created anew (topic id ${ids[0]} before, ${ids[1]} now). Offset ${offset} of ` +
      `${topicPartitionKey(topicPartition)} belongs to the former one, whose records are gone.`,
  })
}
