import type { ConsumerRecord } from '../../client/ConsumerRecord.js'

/**
 * Turns a record into values: none, one or many. All of them get the record's timestamp, and its offset counts as read whatever
 * comes out.
 */
export interface RecordDeserializer<T> {
  /**
   * `emit` is valid during the call, and so is the record; what is emitted leaves when the call has returned. What is thrown goes to the
   * source's error policy, and nothing of the record leaves then. It answers at once: an async one is an error of the source.
   */
  deserialize(record: ConsumerRecord, emit: (value: T) => void): void
}
