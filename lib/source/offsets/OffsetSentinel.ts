/** What negative offsets of `OffsetsInitializer.offsets` stand for, as in Flink's `KafkaPartitionSplit`. */
export const OffsetSentinel = { LATEST: -1, EARLIEST: -2, COMMITTED: -3 } as const

/** As a stopping offset: there is none. Java's `Long.MIN_VALUE`, as in Flink. */
export const NO_STOPPING_OFFSET = -(2 ** 63)
