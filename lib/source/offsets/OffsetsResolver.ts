import type { Observable } from 'rxjs'
import type { OffsetsByPartition } from '../../client/Offset.js'
import type { OffsetResetStrategy } from '../../client/OffsetResetStrategy.js'
import type { TopicPartition } from '../../client/TopicPartition.js'
import type { ConfigError } from '../../config/ConfigError.js'
import type { KafkaProperties } from '../../config/KafkaProperties.js'
import type { PartitionOffsetsRetriever } from './PartitionOffsetsRetriever.js'

/** What the offsets are for: where splits start, or where they stop. */
export type OffsetRole = 'starting' | 'stopping'

/**
 * Says where splits start, or stop. Yours to implement: resolve every partition you are given.
 *
 * It is asked once for each partition, when it is discovered, and the answer is part of the first checkpoint: a restart does not
 * ask again.
 */
export interface OffsetsResolver {
  /**
   * One offset for each partition; acts once per subscription, emits one value. As in Flink, -2 stands for the earliest offset, -1 for
   * the latest, -3 for the committed one (else by `autoOffsetResetStrategy`); and for a stop, `-(2 ** 63)` for none. What else is no
   * offset is a `SourceError` `InvalidOffset`.
   */
  getPartitionOffsets(
    partitions: readonly TopicPartition[],
    retriever: PartitionOffsetsRetriever,
    role: OffsetRole,
  ): Observable<OffsetsByPartition>
  /** Where to go when a starting offset turns out not to be in the log. */
  readonly autoOffsetResetStrategy: OffsetResetStrategy
  /** What must be set for it to work, looked at by `build()`. */
  validate?(properties: KafkaProperties, role: OffsetRole): readonly ConfigError[]
}
