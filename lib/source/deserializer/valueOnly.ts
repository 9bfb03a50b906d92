import type { Deserializer } from '../../client/schema/Deserializer.js'
import type { DeserializationSchema } from '../../client/schema/DeserializationSchema.js'
import type { RecordDeserializer } from './RecordDeserializer.js'

/** By a schema: straight from the fetched bytes when it can, since a slice costs more than decoding the record. */
export const valueOnlySchema = <T>(schema: DeserializationSchema<T>): RecordDeserializer<T> => ({
  deserialize: (record, emit) => {
    const value =
      schema.deserializeFrom === undefined || record.valueEnd < 0
        ? schema.deserialize(record.value)
        : schema.deserializeFrom(record.buffer, record.valueStart, record.valueEnd)
    if (value !== null && value !== undefined) emit(value)
  },
})

/** By one of Kafka's deserializers: null values pass. */
export const valueOnlyDeserializer = <T>(deserializer: Deserializer<T>): RecordDeserializer<T | null> => ({
  deserialize: (record, emit) => {
    emit(deserializer.deserialize(record.topic, record.value))
  },
})
