import type { ConsumerRecord } from '../../client/ConsumerRecord.js'

/**
 * Turns a record into values: none, one or many. All of them get the record's timestamp, and its offset counts as read whatever
 * comes out.
 */
export interface RecordDeserializer<T> {
  /** `emit` is valid during the call, and so is the record. What is thrown goes to the source's error policy. */
  deserialize(record: ConsumerRecord, emit: (value: T) => void): void
}
