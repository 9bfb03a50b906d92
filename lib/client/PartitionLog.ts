import type { Offset } from './Offset.js'
import type { TopicPartition } from './TopicPartition.js'

/** Where the log of a partition begins and ends, as its broker told last. */
export interface PartitionLog {
  /** The partition that this is about. */
  readonly topicPartition: TopicPartition
  /** exclusive: the offset behind the last record that is on all in-sync replicas */
  readonly highWatermark: Offset
  /** where `read_committed` readers wait: before the oldest open transaction; else the high watermark */
  readonly lastStableOffset: Offset
  /** the first offset that retention and DeleteRecords have left; equal to the high watermark in an empty log */
  readonly logStartOffset: Offset
}

/** The log of a partition, out of what has its three offsets; the one that is known, if that says the same. */
export const partitionLog = (
  topicPartition: TopicPartition,
  { highWatermark, lastStableOffset, logStartOffset }: Omit<PartitionLog, 'topicPartition'>,
  known: PartitionLog | undefined,
): PartitionLog =>
  known?.highWatermark === highWatermark &&
  known.lastStableOffset === lastStableOffset &&
  known.logStartOffset === logStartOffset
    ? known
    : { topicPartition, highWatermark, lastStableOffset, logStartOffset }
