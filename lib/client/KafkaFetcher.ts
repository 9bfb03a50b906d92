import type { Observable } from 'rxjs'
import type { ConsumerRecord } from './ConsumerRecord.js'
import type { KafkaError } from './KafkaError.js'
import type { Offset } from './Offset.js'
import type { PartitionLog } from './PartitionLog.js'
import type { TopicPartition } from './TopicPartition.js'

/** Which log an offset belongs to, as far as it is known: so that an offset of one log is not taken for that of another. */
export interface LogIdentity {
  /** of its topic (KIP-516) */
  readonly topicId?: string | undefined
  /** under which the last record before the offset was written (KIP-320) */
  readonly leaderEpoch?: number | undefined
}

/**
 * What one fetch brought for one partition: record batches, decoded piece by piece as they are taken, so that a batch of
 * the stream can be smaller than a fetch and nothing fetched is ever thrown away.
 */
export interface FetchedRecords {
  /** Tells it from a {@link FetchFailed}. */
  readonly _tag: 'Fetched'
  /** The partition that was requested. */
  readonly topicPartition: TopicPartition
  /**
   * Where reading goes on: the last taken record's offset + 1 within a batch of the log, and the batch's last offset + 1 at
   * its end, so that transaction markers, aborted records and compaction holes are passed.
   */
  readonly position: Offset
  /** of the topic that it was read from */
  readonly topicId?: string | undefined
  /** under which the last offset before the position was written; -1 while nothing was passed */
  readonly leaderEpoch?: number | undefined
  /** All is taken. Also true at once for a fetch of markers only; the position has moved all the same. */
  readonly exhausted: boolean
  /** Exclusive: the offset behind the last record that is on all in-sync replicas, when the broker answered. */
  readonly highWatermark: Offset
  /** Exclusive: where `read_committed` readers end, when the broker answered. Never above the high watermark. */
  readonly lastStableOffset: Offset
  /** The first offset that retention and DeleteRecords have left, when the broker answered. */
  readonly logStartOffset: Offset
  /** size of the fetched batches, compressed as they were */
  readonly bytes: number
  /**
   * The next visible records, at most `max`, in order. Fewer when the fetch is exhausted; none though it is not when there is no
   * room now for what they are decompressed to, since that of other partitions is being taken: ask again a little later.
   * @throws KafkaError `Corrupt`, `Unsupported` or `RecordTooLarge`, naming topic, partition and offset; records before it were returned
   */
  take(max: number): ConsumerRecord[]
}

/**
 * One partition cannot go on by itself. Transient trouble (leader moves, lost connections) is mended inside and not reported. A
 * partition that the cluster has not known for `request.timeout.ms` is reported, as UNKNOWN_TOPIC_OR_PARTITION (3); a further
 * `request` waits for it to come back, and reports again.
 */
export interface FetchFailed {
  /** Tells it from {@link FetchedRecords}. */
  readonly _tag: 'FetchFailed'
  /** The partition that was requested. Others go on. */
  readonly topicPartition: TopicPartition
  /** Why: for instance `OffsetOutOfRange`, `LogTruncated`, `TopicRecreated` or `Authorization`. */
  readonly error: KafkaError
}

/**
 * Reads assigned partitions, without a group: one fetch request per leader for all partitions with demand.
 *
 * Demand is one fetch: after `request(tp)`, exactly one `Fetched` or `FetchFailed` follows for that partition, when data is
 * there, and then nothing until the next `request`. Asking while the former fetch is being taken keeps the next one in
 * flight; so a reader holds at most one fetch in work and one buffered.
 */
export interface KafkaFetcher {
  /** Hot. Subscribe before `assign`. Never emits inside of a call of this interface. Errors only when the client is lost. */
  readonly fetched$: Observable<FetchedRecords | FetchFailed>
  /**
   * Hot: what answers without records say of a log, whenever it is something new. Of a partition that is empty, or whose records are
   * held back by an open transaction, nothing else is heard. Never emits inside of a call of this interface.
   */
  readonly logs$: Observable<PartitionLog>
  /**
   * Begins at an offset; nothing is fetched until `request`. Assigning again is a seek: what is in flight is dropped.
   *
   * @param log what the offset belongs to. Before anything is read, a log that was truncated below it is a `FetchFailed` of
   *   `LogTruncated`; at any time, another topic of the same name is one of `TopicRecreated`.
   */
  assign(topicPartition: TopicPartition, offset: Offset, log?: LogIdentity): void
  /** Asks for one fetch. A second call before the answer changes nothing. */
  request(topicPartition: TopicPartition): void
  /** Stops reading it: nothing more is emitted for it, and what is in flight is dropped. Without effect for one that is not assigned. */
  unassign(topicPartition: TopicPartition): void
  /** Stops fetching, drops what is in flight. The client stays open. */
  close(): void
}
