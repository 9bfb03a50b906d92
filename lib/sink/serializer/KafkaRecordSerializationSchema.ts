import type { KafkaRecordSerializer } from './KafkaRecordSerializer.js'
import { KafkaRecordSerializationSchemaBuilder } from './KafkaRecordSerializationSchemaBuilder.js'

/** Turns an element into a record to write. Implement it for full control, or build it from parts. */
export type KafkaRecordSerializationSchema<T> = KafkaRecordSerializer<T>

/**
 * Builds one from parts.
 *
 * @example
 * ```ts
 * KafkaRecordSerializationSchema.builder<{ id: string }>()
 *   .setTopic('people')
 *   .setKeySerializationSchema({ serialize: (person) => person.id })
 *   .setValueSerializationSchema({ serialize: (person) => JSON.stringify(person) })
 *   .build()
 * ```
 */
export const KafkaRecordSerializationSchema = {
  /** A serializer from its parts: topic, key, value, headers, partition, timestamp. */
  builder: <T>(): KafkaRecordSerializationSchemaBuilder<T> => new KafkaRecordSerializationSchemaBuilder<T>(),
}
