import type { Offset } from '../../client/Offset.js'
import type { TopicPartition } from '../../client/TopicPartition.js'

/** A partition with positions: what a reader is given, and what a checkpoint holds of it. Immutable. */
export interface KafkaPartitionSplit {
  readonly topicPartition: TopicPartition
  /** the next offset to read */
  readonly startingOffset: Offset
  /** the first offset not to read; undefined when there is no end */
  readonly stoppingOffset?: Offset | undefined
}
