import type { KafkaConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { DeliveryGuarantee } from './DeliveryGuarantee.js'
import { KafkaSinkBuilder } from './KafkaSinkBuilder.js'
import type { KafkaRecordSerializer } from './serializer/KafkaRecordSerializer.js'
import type { TransactionNamingStrategy } from './transaction/TransactionNamingStrategy.js'

/** What to do when a prepared transaction turns out to be aborted or expired: its records will never be visible. */
export type CommitLostPolicy = 'fail' | 'warn'

/** All settings of a sink, checked. */
export interface KafkaSinkConfig<T> {
  readonly client: KafkaConfig
  readonly producer: ProducerConfig
  readonly recordSerializer: KafkaRecordSerializer<T>
  readonly deliveryGuarantee: DeliveryGuarantee
  readonly transactionalIdPrefix: string | undefined
  readonly transactionNamingStrategy: TransactionNamingStrategy
  readonly commitLostPolicy: CommitLostPolicy
}

/**
 * Where a pipeline ends in Kafka: a value, made by its builder, worked by `sinkTo`. It connects nothing by itself and can be
 * used in several pipelines.
 *
 * @example
 * ```ts
 * const sink = KafkaSink.builder<string>()
 *   .setBootstrapServers('localhost:9092')
 *   .setRecordSerializer(
 *     KafkaRecordSerializationSchema.builder<string>()
 *       .setTopic('out')
 *       .setValueSerializationSchema(new SimpleStringSchema())
 *       .build(),
 *   )
 *   .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
 *   .setTransactionalIdPrefix('copy')
 *   .build()
 * ```
 */
export class KafkaSink<T> {
  static builder<T>(): KafkaSinkBuilder<T> {
    return new KafkaSinkBuilder<T>((config) => new KafkaSink(config))
  }

  /** Made by the builder, which checks the settings. */
  private constructor(readonly config: KafkaSinkConfig<T>) {}

  /** The key of its state unless `sinkTo` is given another. */
  get uid(): string {
    return `sink-${this.config.transactionalIdPrefix ?? ''}`
  }
}
