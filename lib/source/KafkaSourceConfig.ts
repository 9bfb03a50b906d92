import type { ConsumerConfig } from '../config/consumerConfig.js'
import type { Boundedness } from './Boundedness.js'
import type { DeadLetterPolicy } from './deadletter/deadLetter.js'
import type { KafkaRecordDeserializationSchema } from './deserializer/KafkaRecordDeserializationSchema.js'
import type { OffsetsInitializer } from './offsets/OffsetsInitializer.js'
import type { KafkaSubscriber } from './subscriber/KafkaSubscriber.js'

/**
 * A record that cannot be turned into a value: `fail` ends the stream, `skip` drops it, counts it (`numRecordsInErrors`) and logs
 * where it is, `deadLetter(pipeline)` counts it and sends it there. For reading alone: an error of the watermark strategy ends the stream.
 */
export type DeserializationErrorPolicy = 'fail' | 'skip' | DeadLetterPolicy

/**
 * A partition that is gone: its topic was deleted, so that it was missing in three discoveries in a row, or the brokers did not know
 * it for `request.timeout.ms` while it was read. However it is subscribed to, and whether the source is bounded or not:
 *
 * - `keep` (Flink's way) warns, and waits for it to come back: a bounded source that has not come to its end there does not end.
 * - `drop` forgets it, and what was not read of it. If it comes back, it is new, and read from its earliest offset.
 * - `fail` ends the stream with a `SourceError` of `PartitionRemoved`.
 */
export type RemovedPartitionsPolicy = 'keep' | 'drop' | 'fail'

/**
 * A topic that was deleted and created anew, while it was read or while the job was down, so that the position belongs to records
 * that are gone: `fail` ends the stream with a `SourceError` of `TopicRecreated`; `earliest` and `latest` say where the new topic is
 * read from. Told by the topic's id (KIP-516), which is part of the state; clusters before Kafka 2.8 have none.
 */
export type RecreatedTopicPolicy = 'fail' | 'earliest' | 'latest'

/** A position that is not in the log (any more): where to go on, or `fail`. */
export type OffsetOutOfRangePolicy = 'fail' | 'earliest' | 'latest'

/** All settings of a source, checked. */
export interface KafkaSourceConfig<T> {
  /** how to connect, fetch and commit */
  readonly consumer: ConsumerConfig
  /** which topics or partitions are read */
  readonly subscriber: KafkaSubscriber
  /** where a partition begins without a checkpoint; default: earliest */
  readonly startingOffsets: OffsetsInitializer
  /** where it ends; undefined: nowhere */
  readonly stoppingOffsets: OffsetsInitializer | undefined
  /** bounded: the stream completes at `stoppingOffsets` */
  readonly boundedness: Boundedness
  /** makes values of records */
  readonly deserializer: KafkaRecordDeserializationSchema<T>
  /** where this process is, in the place of `client.rack` */
  readonly rackIdSupplier: (() => string | null | undefined) | undefined
  /** default `fail` */
  readonly deserializationErrorPolicy: DeserializationErrorPolicy
  /** default `keep` */
  readonly removedPartitionsPolicy: RemovedPartitionsPolicy
  /** default `fail` */
  readonly recreatedTopicPolicy: RecreatedTopicPolicy
  /** of positions where nothing was read yet */
  readonly startOutOfRangePolicy: OffsetOutOfRangePolicy
  /** of positions behind records that were read; default `fail` */
  readonly offsetOutOfRangePolicy: OffsetOutOfRangePolicy
}
