import type { Bytes } from '../../client/ProducerRecord.js'
import type { KafkaSinkContext } from './KafkaSinkContext.js'

/**
 * Chooses the partition of a record. `partitions` are the partition numbers of the topic as last asked of the cluster; they
 * are asked again every `metadata.max.age.ms`, so partitions added later are used (Flink keeps the first answer for ever).
 *
 * One instance serves all subtasks of this process (Flink copies it to each): who needs to know the subtask asks `context`.
 */
export interface KafkaPartitioner<T> {
  /** Called by each subtask before its first record. */
  open?(parallelInstanceId: number, parallelInstances: number): void
  /**
   * The number of the partition to write to, one of `partitions`. Called for each record, after its key and value were serialized. What
   * it throws, and what is no partition number, fails the job.
   */
  partition(
    record: T,
    key: Bytes,
    value: Bytes,
    targetTopic: string,
    partitions: readonly number[],
    context?: KafkaSinkContext,
  ): number
}
