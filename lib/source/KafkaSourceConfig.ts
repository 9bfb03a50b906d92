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
 * A partition that is gone, missing in three discoveries in a row: `keep` waits for it to come back (Flink's way), `drop` forgets it
 * (if it comes back, it is new and read from its earliest offset), `fail` ends the stream.
 */
export type RemovedPartitionsPolicy = 'keep' | 'drop' | 'fail'

/** A position that is not in the log (any more): where to go on, or `fail`. */
export type OffsetOutOfRangePolicy = 'fail' | 'earliest' | 'latest'

/** All settings of a source, checked. */
export interface KafkaSourceConfig<T> {
  readonly consumer: ConsumerConfig
  readonly subscriber: KafkaSubscriber
  readonly startingOffsets: OffsetsInitializer
  readonly stoppingOffsets: OffsetsInitializer | undefined
  readonly boundedness: Boundedness
  readonly deserializer: KafkaRecordDeserializationSchema<T>
  readonly rackIdSupplier: (() => string | null | undefined) | undefined
  readonly deserializationErrorPolicy: DeserializationErrorPolicy
  readonly removedPartitionsPolicy: RemovedPartitionsPolicy
  /** of positions where nothing was read yet */
  readonly startOutOfRangePolicy: OffsetOutOfRangePolicy
  readonly offsetOutOfRangePolicy: OffsetOutOfRangePolicy
}
