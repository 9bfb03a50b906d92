import type { TerminalPipeline } from '../../stream/branch.js'
import type { DeadLetterRecord } from './DeadLetterRecord.js'

/** Where records go that cannot be deserialized: into a pipeline of their own. */
export interface DeadLetterPolicy {
  /** Tells it from the policies that are words. */
  readonly _tag: 'DeadLetter'
  /** What `deadLetter` was given. */
  readonly pipeline: TerminalPipeline<DeadLetterRecord, unknown>
}

/**
 * The error policy that loses nothing: records that cannot be deserialized go, with their bytes, their coordinates and the error, into
 * a pipeline that ends in a sink of yours.
 *
 * - It is a branch of the stream: **one checkpoint covers both**, batches are acknowledged when both have taken them over. So with
 *   EXACTLY_ONCE each record of the topic ends up once, in one place or the other. Its sink needs a `uid` of its own, which it has
 *   with a prefix of its own.
 * - An error of the pipeline is an error of the source; when it completes early, the source ends.
 * - Letters are counted in `numRecordsInErrors`. Their event time is the record's own; they do not move watermarks.
 * - A record goes one way or the other: what a deserializer has emitted of it before it threw is dropped.
 * - They are for reading alone. An error of the watermark strategy, or of an operator, ends the stream.
 *
 * @example
 * ```ts
 * const rejects = KafkaSink.builder<DeadLetterRecord>()
 *   .setBootstrapServers('localhost:9092')
 *   .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
 *   .setTransactionalIdPrefix('rejects')
 *   .setRecordSerializer(
 *     KafkaRecordSerializationSchema.builder<DeadLetterRecord>()
 *       .setTopic('rejects')
 *       .setValueSerializationSchema({ serialize: ({ value }) => value })
 *       .setHeaderProvider(({ topic, partition, offset, reason }) => [
 *         { key: 'from', value: Buffer.from(`${topic}-${partition}@${offset}`) },
 *         { key: 'reason', value: Buffer.from(reason) },
 *       ])
 *       .build(),
 *   )
 *   .build()
 *
 * KafkaSource.builder().setDeserializationErrorPolicy(deadLetter(sinkTo(rejects)))
 * ```
 */
export const deadLetter = (pipeline: TerminalPipeline<DeadLetterRecord, unknown>): DeadLetterPolicy => ({
  _tag: 'DeadLetter',
  pipeline,
})

/** The other policies are words. */
export const diverts = (policy: string | DeadLetterPolicy): policy is DeadLetterPolicy => typeof policy !== 'string'
