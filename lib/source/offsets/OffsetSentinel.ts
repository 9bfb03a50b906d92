/** What negative offsets of `OffsetsInitializer.offsets` stand for, as in Flink's `KafkaPartitionSplit`. */
export const OffsetSentinel = { LATEST: -1, EARLIEST: -2, COMMITTED: -3 } as const
