import type { FetcherConfig } from '../../client/KafkaConfig.js'

/**
 * What a fetch asks of one partition, in bytes: `max.partition.fetch.bytes`, or with many partitions their part of
 * `fetch.max.bytes`. A partition has one fetch in work and one waiting, so all together hold twice `fetch.max.bytes` at most,
 * however many they are. A batch that is larger comes all the same when its partition is the first of a fetch (KIP-74).
 */
export const partitionShare = (
  { maxBytes, maxPartitionBytes }: Pick<FetcherConfig, 'maxBytes' | 'maxPartitionBytes'>,
  partitions: number,
): number => Math.max(1, Math.min(maxPartitionBytes, Math.floor(maxBytes / partitions)))
