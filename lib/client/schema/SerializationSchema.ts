import type { Bytes } from '../ProducerRecord.js'

/**
 * Turns an element into the bytes of a key or a value. A string is written as UTF-8 without a buffer in between; null is
 * Kafka's null (a tombstone, as a value).
 */
export interface SerializationSchema<T> {
  serialize(element: T): Bytes
}
