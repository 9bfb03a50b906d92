import type { Bytes } from '../ProducerRecord.js'

/**
 * Turns an element into the bytes of a key or a value. A string is written as UTF-8 without a buffer in between; null is
 * Kafka's null (a tombstone, as a value).
 */
export interface SerializationSchema<T> {
  /** Called once per record, and again when the sink first has to ask for the partitions of a topic. What it throws fails the job. */
  serialize(element: T): Bytes
}
