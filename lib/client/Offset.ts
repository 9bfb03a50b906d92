/**
 * A position in a partition. The only file that decides between `number` and `bigint`: offsets are numbers, exact up to 2^53,
 * and decoding refuses larger ones. A partition that takes a million records a second gets there in 285 years.
 */
export type Offset = number

/** Offsets by partition, keyed by `topicPartitionKey`. */
export type OffsetsByPartition = ReadonlyMap<string, Offset>
