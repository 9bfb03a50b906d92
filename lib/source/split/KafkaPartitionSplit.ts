import type { Offset } from '../../client/Offset.js'
import type { TopicPartition } from '../../client/TopicPartition.js'

/** A partition with positions: what a reader is given, and what a checkpoint holds of it. Immutable. */
export interface KafkaPartitionSplit {
  readonly topicPartition: TopicPartition
  /** the next offset to read */
  readonly startingOffset: Offset
  /** the first offset not to read; undefined when there is no end */
  readonly stoppingOffset?: Offset | undefined
  /** of the topic that the offsets belong to (KIP-516); undefined where topics have no ids, and in old states */
  readonly topicId?: string | undefined
  /** under which the last offset before the start was written (KIP-320); undefined when nothing was read yet */
  readonly leaderEpoch?: number | undefined
}
