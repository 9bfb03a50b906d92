import { map, type Observable, of } from 'rxjs'
import type { IsolationLevel } from '../../client/IsolationLevel.js'
import type { KafkaAdmin } from '../../client/KafkaAdmin.js'
import type { OffsetsByPartition } from '../../client/Offset.js'
import { earliestOffset, latestOffset, offsetForTimestamp, type OffsetSpec } from '../../client/OffsetSpec.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'

/**
 * What an initializer may ask the cluster. Flink's `OffsetsInitializer.PartitionOffsetsRetriever`.
 *
 * @example
 * ```ts
 * // An initializer of your own: the last 1,000 offsets of each partition.
 * const last1000: OffsetsInitializer = {
 *   autoOffsetResetStrategy: OffsetResetStrategy.EARLIEST,
 *   getPartitionOffsets: (partitions, retriever) =>
 *     retriever
 *       .endOffsets(partitions)
 *       .pipe(map((ends) => new Map([...ends].map(([key, end]) => [key, Math.max(0, end - 1_000)])))),
 * }
 * ```
 */
export class PartitionOffsetsRetriever {
  constructor(
    private readonly admin: KafkaAdmin,
    /** `group.id` of the source; undefined: it has none, and nothing is committed for it */
    readonly groupId: string | undefined,
    /** `isolation.level` of the source: it decides where a log ends */
    readonly isolationLevel: IsolationLevel,
  ) {}

  /** The first offset that each log has: what retention and DeleteRecords have left. */
  beginningOffsets(partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    return this.list(partitions, () => earliestOffset)
  }

  /** The high watermarks or, with read_committed, the last stable offsets: where a reader of this isolation level ends. */
  endOffsets(partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    return this.list(partitions, () => latestOffset)
  }

  /** Partitions without a record at or after their timestamp (ms since the epoch) are left out. */
  offsetsForTimes(timestamps: ReadonlyMap<TopicPartition, number>): Observable<OffsetsByPartition> {
    return this.list([...timestamps.keys()], (partition) => offsetForTimestamp(timestamps.get(partition)!))
  }

  /** Partitions for which the group has committed nothing are left out; all of them, without a group. */
  committedOffsets(partitions: readonly TopicPartition[]): Observable<OffsetsByPartition> {
    return this.groupId === undefined || partitions.length === 0
      ? of(new Map())
      : this.admin.committedOffsets(this.groupId, partitions)
  }

  private list(
    partitions: readonly TopicPartition[],
    spec: (partition: TopicPartition) => OffsetSpec,
  ): Observable<OffsetsByPartition> {
    if (partitions.length === 0) return of(new Map())
    return (
      this.admin
        .listOffsets(
          partitions.map((partition) => [partition, spec(partition)] as const),
          this.isolationLevel,
        )
        // A broker may answer for more than it was asked.
        .pipe(map((offsets) => pick(offsets, partitions)))
    )
  }
}

const pick = (offsets: OffsetsByPartition, partitions: readonly TopicPartition[]): OffsetsByPartition => {
  const keys = new Set(partitions.map(topicPartitionKey))
  return new Map([...offsets].filter(([key]) => keys.has(key)))
}
