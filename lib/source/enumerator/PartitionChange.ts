import { compareTopicPartitions, type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'

/** What a discovery has changed. */
export interface PartitionChange {
  /** in the order in which they are assigned */
  readonly added: readonly TopicPartition[]
  readonly removed: readonly TopicPartition[]
}

/** The difference between what is known and what was found. */
export const partitionChange = (known: Iterable<TopicPartition>, found: readonly TopicPartition[]): PartitionChange => {
  const knownByKey = byKey(known)
  const foundByKey = byKey(found)
  return {
    added: [...foundByKey]
      .filter(([key]) => !knownByKey.has(key))
      .map(([, partition]) => partition)
      .sort(compareTopicPartitions),
    removed: [...knownByKey].filter(([key]) => !foundByKey.has(key)).map(([, partition]) => partition),
  }
}

const byKey = (partitions: Iterable<TopicPartition>): ReadonlyMap<string, TopicPartition> =>
  new Map([...partitions].map((partition) => [topicPartitionKey(partition), partition]))
