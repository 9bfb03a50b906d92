import type { FetcherConfig } from '../../client/KafkaConfig.js'
import type { FetchRequest } from '../../protocol/requests/fetch.js'
import type { Cluster } from '../Cluster.js'
import type { PartitionFetch } from './PartitionFetch.js'

const MAX_INT32 = 0x7fffffff

/**
 * The request for these partitions, which have one broker to be read from.
 *
 * @param now ms; a leader that is not told our rack answers itself, so it is not told while a follower is avoided
 */
export const fetchRequestFor = (
  partitions: readonly PartitionFetch[],
  { minBytes, maxBytes, maxPartitionBytes, isolationLevel }: FetcherConfig,
  cluster: Pick<Cluster, 'config' | 'leaderOf'>,
  maxWaitMs: number,
  now: number,
): FetchRequest => ({
  ...{ maxWaitMs, minBytes, maxBytes, isolationLevel },
  rackId: partitions.every(({ onlyLeaderUntil }) => onlyLeaderUntil <= now) ? cluster.config.rack : undefined,
  partitions: partitions.map(({ topicPartition: { topic, partition }, topicId, offset, needed }) => ({
    topic,
    topicId,
    partition,
    currentLeaderEpoch: cluster.leaderOf(topic, partition)?.leaderEpoch ?? -1,
    fetchOffset: offset,
    partitionMaxBytes: Math.min(Math.max(maxPartitionBytes, needed), MAX_INT32),
  })),
})
