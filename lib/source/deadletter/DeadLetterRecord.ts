import type { ConsumerRecord, TimestampType } from '../../client/ConsumerRecord.js'
import type { Headers } from '../../client/Headers.js'

/** A record that could not be turned into a value: its bytes as they were, where they stand, and why. Safe to keep. */
export class DeadLetterRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** ms since the epoch; -1 when the record has none */
  readonly timestamp: number
  readonly timestampType: TimestampType
  readonly key: Buffer | null
  readonly value: Buffer | null
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
