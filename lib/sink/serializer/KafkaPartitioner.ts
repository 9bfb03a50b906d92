import type { Bytes } from '../../client/ProducerRecord.js'

/**
 * Chooses the partition of a record. `partitions` are the partition numbers of the topic as last asked of the cluster; they
 * are asked again every `metadata.max.age.ms`, so partitions added later are used (Flink keeps the first answer for ever).
 */
export interface KafkaPartitioner<T> {
  /** Called once before the first record. */
  open?(parallelInstanceId: number, parallelInstances: number): void
  partition(record: T, key: Bytes, value: Bytes, targetTopic: string, partitions: readonly number[]): number
}
