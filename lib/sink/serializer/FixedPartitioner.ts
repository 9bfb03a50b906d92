import type { Bytes } from '../../client/ProducerRecord.js'
import type { KafkaPartitioner } from './KafkaPartitioner.js'
import type { KafkaSinkContext } from './KafkaSinkContext.js'

/**
 * Each subtask writes to one partition: `partitions[subtask % partitions.length]`. Flink's `FlinkFixedPartitioner`. Fewer
 * subtasks than partitions leave partitions empty.
 *
 * @example
 * ```ts
 * // Subtask 4 of 8, and three partitions.
 * const partitioner = new FixedPartitioner<string>()
 * partitioner.open(4, 8)
 * partitioner.partition('AMS', null, 'AMS', 'flights', [0, 1, 2]) // 1
 *
 * KafkaRecordSerializationSchema.builder<string>().setTopic('flights').setPartitioner(partitioner)
 * ```
 */
export class FixedPartitioner<T> implements KafkaPartitioner<T> {
  private parallelInstanceId = 0

  open(parallelInstanceId: number, parallelInstances: number): void {
    if (!isFrom(0, parallelInstanceId)) throw new RangeError('Id of this subtask cannot be negative.')
    if (!isFrom(1, parallelInstances)) throw new RangeError('Number of subtasks must be larger than 0.')
    this.parallelInstanceId = parallelInstanceId
  }

  partition(
    _record: T,
    _key: Bytes,
    _value: Bytes,
    _targetTopic: string,
    partitions: readonly number[],
    context?: KafkaSinkContext,
  ): number {
    // Java's callers may give null.
    const all = (partitions as readonly number[] | null | undefined) ?? []
    const subtask = context?.parallelInstanceId ?? this.parallelInstanceId
    const partition = all[subtask % all.length]
    if (partition === undefined) throw new RangeError('Partitions of the target topic is empty.')
    return partition
  }
}

const isFrom = (least: number, given: unknown): boolean => Number.isInteger(given) && (given as number) >= least
