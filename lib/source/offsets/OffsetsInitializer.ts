import type { Observable } from 'rxjs'
import type { ConfigError } from '../../config/ConfigError.js'
import type { KafkaProperties } from '../../config/KafkaProperties.js'
import type { Offset, OffsetsByPartition } from '../../client/Offset.js'
import { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import { committedOffsets } from './committedOffsets.js'
import { earliestOffsets, latestOffsets } from './logEnds.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'
import { type OffsetsByTopicPartition, specifiedOffsets } from './specifiedOffsets.js'
import { timestampOffsets } from './timestampOffsets.js'

/**
 * Says where splits start, or stop. Yours to implement: resolve every partition you are given.
 *
 * It is asked once for each partition, when it is discovered, and the answer is part of the first checkpoint: a restart does not
 * ask again.
 */
export interface OffsetsInitializer {
  /** One offset for each partition; acts once per subscription, emits one value. */
  getPartitionOffsets(
    partitions: readonly TopicPartition[],
    retriever: PartitionOffsetsRetriever,
  ): Observable<OffsetsByPartition>
  /** Where to go when a starting offset turns out not to be in the log. */
  readonly autoOffsetResetStrategy: OffsetResetStrategy
  /** What must be set for it to work, looked at by `build()`. */
  validate?(properties: KafkaProperties): readonly ConfigError[]
}

/** The initializers of Flink. */
export const OffsetsInitializer = {
  /** From the first record that is kept. */
  earliest: (): OffsetsInitializer => earliestOffsets,

  /** From the end, by isolation level: with read_committed, a transaction that is open now is read when it commits. */
  latest: (): OffsetsInitializer => latestOffsets,

  /** From the first record whose timestamp (ms since the epoch) is at or after this one; from the end when there is none. */
  timestamp: (timestamp: number): OffsetsInitializer => timestampOffsets(timestamp),

  /** From what the group has committed; where it has not, by the reset strategy. NONE, the default, is an error then. */
  committedOffsets: (reset: OffsetResetStrategy = OffsetResetStrategy.NONE): OffsetsInitializer =>
    committedOffsets(reset),

  /**
   * From these. Partitions that are not among them: from what the group has committed, then by the reset strategy.
   *
   * ```ts
   * OffsetsInitializer.offsets(new Map([[new TopicPartition('flights', 0), 42]]))
   * OffsetsInitializer.offsets({ 'flights-0': 42 })
   * ```
   */
  offsets: (
    offsets: OffsetsByTopicPartition | Readonly<Record<string, Offset>>,
    reset: OffsetResetStrategy = OffsetResetStrategy.EARLIEST,
  ): OffsetsInitializer => specifiedOffsets(offsets, reset),
}
