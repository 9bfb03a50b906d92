import { KafkaSinkBuilder } from './KafkaSinkBuilder.js'
import type { KafkaSinkConfig } from './KafkaSinkConfig.js'

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
  /** The only way to make one. Each call gives a new builder, without settings. */
  static builder<T>(): KafkaSinkBuilder<T> {
    return new KafkaSinkBuilder<T>((config) => new KafkaSink(config))
  }

  /** Made by the builder, which checks the settings. */
  private constructor(
    /** All settings, checked, with defaults filled in. */
    readonly config: KafkaSinkConfig<T>,
  ) {}

  /** The key of its state, and its name in metrics, unless `sinkTo` is given another: `sink-<prefix>`, or `sink` without a prefix. */
  get uid(): string {
    const { transactionalIdPrefix } = this.config
    return transactionalIdPrefix === undefined ? 'sink' : `sink-${transactionalIdPrefix}`
  }
}
