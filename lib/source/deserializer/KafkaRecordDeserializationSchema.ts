import { aFunction, argument, type ArgumentKind, hasMethod } from '../../checks/argument.js'
import type { ConsumerRecord } from '../../client/ConsumerRecord.js'
import type { DeserializationSchema } from '../../client/schema/DeserializationSchema.js'
import type { DeserializerClass } from '../../client/schema/Deserializer.js'
import type { RecordDeserializer } from './RecordDeserializer.js'
import { valueOnlyDeserializer, valueOnlySchema } from './valueOnly.js'
import { memberOf } from '../../checks/memberOf.js'

/** Records to values; Flink's interface of this name. */
export type KafkaRecordDeserializationSchema<T> = RecordDeserializer<T>

/**
 * The ready ones.
 *
 * @example
 * ```ts
 * const keyAndOffset = KafkaRecordDeserializationSchema.of(({ key, offset }) => `${String(key)}@${offset}`)
 * keyAndOffset.deserialize(consumerRecord({ topic: 'flights', partition: 0, offset: 7, key: 'AMS' }), console.log) // 'AMS@7'
 *
 * KafkaSource.builder().setDeserializer(keyAndOffset)
 * ```
 */
export const KafkaRecordDeserializationSchema = {
  /**
   * From the whole record: key, value, headers, position. Null and undefined drop the record.
   *
   * ```ts
   * KafkaRecordDeserializationSchema.of(({ key, value }) => ({ key: key?.toString(), value: value?.toString() }))
   * ```
   */
  of: <T>(deserialize: (record: ConsumerRecord) => T | null | undefined): KafkaRecordDeserializationSchema<T> => {
    argument('deserialize', deserialize, aFunction)
    return {
      deserialize(record, emit) {
        const value = deserialize(record)
        if (value !== null && value !== undefined) emit(value)
      },
    }
  },

  /**
   * From the value alone, by a schema or by a class of Kafka's deserializers. With null values (tombstones) a deserializer of
   * Kafka's emits null; a schema is asked, and the ready ones throw: the source fails unless its error policy says otherwise.
   */
  valueOnly,
}

function valueOnly<T>(schema: DeserializationSchema<T>): KafkaRecordDeserializationSchema<T>
function valueOnly<T>(deserializer: DeserializerClass<T>): KafkaRecordDeserializationSchema<T | null>
function valueOnly<T>(
  schema: DeserializationSchema<T> | DeserializerClass<T>,
): KafkaRecordDeserializationSchema<T | null> {
  argument('deserializer', schema, aValueDeserializer)
  return typeof schema === 'function' ? valueOnlyDeserializer(new schema()) : valueOnlySchema(schema)
}

const aValueDeserializer: ArgumentKind = {
  name: 'a schema with deserialize(), or a class of such deserializers',
  fits: (given) => hasMethod(typeof given === 'function' ? memberOf(given, 'prototype') : given, 'deserialize'),
}
