import { compareTopicPartitions, type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'

/** What a discovery has changed. */
export interface PartitionChange {
  /** found, and not known yet; in the order in which they are assigned */
  readonly added: readonly TopicPartition[]
  /** known, and not in the cluster */
  readonly missing: readonly TopicPartition[]
  /** known and in the cluster, but not found: nothing that is subscribed to has them */
  readonly unsubscribed: readonly TopicPartition[]
}

/**
 * The difference between what is known and what was found.
 *
 * @param partitionCounts how many partitions the topics have that are in the cluster
 */
export const partitionChange = (
  known: Iterable<TopicPartition>,
  found: readonly TopicPartition[],
  partitionCounts: ReadonlyMap<string, number>,
): PartitionChange => {
  const knownByKey = byKey(known)
  const foundByKey = byKey(found)
  const isThere = ({ topic, partition }: TopicPartition): boolean => partition < (partitionCounts.get(topic) ?? 0)
  return {
    added: [...foundByKey]
      .filter(([key]) => !knownByKey.has(key))
      .map(([, partition]) => partition)
      .sort(compareTopicPartitions),
    missing: [...knownByKey.values()].filter((partition) => !isThere(partition)),
    unsubscribed: [...knownByKey]
      .filter(([key, partition]) => !foundByKey.has(key) && isThere(partition))
      .map(([, partition]) => partition),
  }
}

const byKey = (partitions: Iterable<TopicPartition>): ReadonlyMap<string, TopicPartition> =>
  new Map([...partitions].map((partition) => [topicPartitionKey(partition), partition]))
