import type { ConsumerRecord, TimestampType } from '../../client/ConsumerRecord.js'
import type { Headers } from '../../client/Headers.js'

/**
 * A record that could not be turned into a value: its bytes as they were, where they stand, and why. Safe to keep.
 *
 * @example
 * ```ts
 * const record = consumerRecord({ topic: 'flights', partition: 0, offset: 7, value: '{' })
 * const letter = new DeadLetterRecord(record, new SyntaxError('no JSON'))
 * console.log(`${letter.topic}-${letter.partition}@${letter.offset}: ${letter.reason}`) // 'flights-0@7: no JSON'
 * ```
 */
export class DeadLetterRecord {
  /** where it was read */
  readonly topic: string
  /** counted from 0 */
  readonly partition: number
  /** its place in the partition */
  readonly offset: number
  /** ms since the epoch; -1 when the record has none */
  readonly timestamp: number
  /** who wrote the timestamp: `message.timestamp.type` of the topic */
  readonly timestampType: TimestampType
  /** a copy of its bytes; null when it has none */
  readonly key: Buffer | null
  /** a copy of its bytes; null for a tombstone */
  readonly value: Buffer | null
  /** in their order; empty when it has none */
  readonly headers: Headers

  constructor(
    record: ConsumerRecord,
    /** what the deserializer has thrown */
    readonly error: unknown,
  ) {
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
    this.timestamp = record.timestamp
    this.timestampType = record.timestampType
    this.key = record.key
    this.value = record.value
    this.headers = record.headers
  }

  /** In a line: what went wrong. */
  get reason(): string {
    return this.error instanceof Error ? this.error.message : String(this.error)
  }
}
