import { type Headers, noHeaders } from './Headers.js'
import type { Offset } from './Offset.js'

/**
 * Who wrote the timestamp: the producer or the broker (`message.timestamp.type`). `NoTimestampType` for records from before Kafka
 * 0.10, which have none.
 */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

/** What a record is made of: what it tells as it is, and how its headers are read. */
export type ConsumerRecordParts = Omit<ConsumerRecord, 'key' | 'value' | 'headers' | 'serializedSize'> & {
  /** Makes the headers from the bytes in which they begin at `start`; null: there are none. */
  readonly decodeHeaders: ((buffer: Buffer, start: number) => Headers) | null
}

/**
 * A record as read from a partition.
 *
 * It holds positions in the fetched bytes and makes key, value and headers when they are asked for: a slice costs more than
 * decoding the whole rest of a record. `key` and `value` are copies, so that a kept record does not pin a response of
 * megabytes; a deserializer that needs no copy reads `buffer` between the positions (an end of -1 says null).
 *
 * The record itself is only valid while it is handed to a deserializer: keep what you read from it, not the record.
 *
 * @example
 * ```ts
 * const record = consumerRecord({ topic: 'flights', partition: 0, offset: 7, key: 'AMS', value: '12' })
 * record.key?.toString() // 'AMS'
 * record.buffer.toString('utf8', record.valueStart, record.valueEnd) // '12'
 * ```
 */
export class ConsumerRecord {
  /** the topic it was read from */
  declare readonly topic: string
  /** counted from 0 */
  declare readonly partition: number
  /** its place in the partition */
  declare readonly offset: Offset
  /** ms since the epoch; -1 when the record has none */
  declare readonly timestamp: number
  /** who wrote the timestamp: `message.timestamp.type` of the topic */
  declare readonly timestampType: TimestampType
  /** of the leader that took the record (KIP-320); -1 when it is not known */
  declare readonly leaderEpoch: number
  /** bytes of the whole fetched batch, or more; valid as long as the record is */
  declare readonly buffer: Buffer
  /** where the key begins in `buffer`, inclusive */
  declare readonly keyStart: number
  /** where it ends, exclusive; -1: the key is null */
  declare readonly keyEnd: number
  /** where the value begins in `buffer`, inclusive */
  declare readonly valueStart: number
  /** where it ends, exclusive; -1: the value is null */
  declare readonly valueEnd: number
  /** where the headers begin in `buffer`, for their decoder; of no use without it */
  declare readonly headersStart: number
  declare private readonly decodeHeaders: ConsumerRecordParts['decodeHeaders']

  constructor(parts: ConsumerRecordParts) {
    this.topic = parts.topic
    this.partition = parts.partition
    this.offset = parts.offset
    this.timestamp = parts.timestamp
    this.timestampType = parts.timestampType
    this.leaderEpoch = parts.leaderEpoch
    this.buffer = parts.buffer
    this.keyStart = parts.keyStart
    this.keyEnd = parts.keyEnd
    this.valueStart = parts.valueStart
    this.valueEnd = parts.valueEnd
    this.headersStart = parts.headersStart
    this.decodeHeaders = parts.decodeHeaders
  }

  /** A copy; null when it has none. */
  get key(): Buffer | null {
    return this.keyEnd < 0 ? null : copy(this.buffer, this.keyStart, this.keyEnd)
  }

  /** A copy; null when it has none. */
  get value(): Buffer | null {
    return this.valueEnd < 0 ? null : copy(this.buffer, this.valueStart, this.valueEnd)
  }

  /** In their order. */
  get headers(): Headers {
    return this.decodeHeaders === null ? noHeaders : this.decodeHeaders(this.buffer, this.headersStart)
  }

  /** Bytes of key and value together. */
  get serializedSize(): number {
    return Math.max(0, this.keyEnd - this.keyStart) + Math.max(0, this.valueEnd - this.valueStart)
  }
}

const copy = (buffer: Buffer, start: number, end: number): Buffer => Buffer.from(buffer.subarray(start, end))

/** The fields of a record made by hand, in specs and in the in-memory Kafka. */
export interface ConsumerRecordFields {
  /** the topic */
  readonly topic: string
  /** its number, from 0 */
  readonly partition: number
  /** its place in the partition */
  readonly offset: Offset
  /** ms since the epoch; default -1: none */
  readonly timestamp?: number | undefined
  /** default `CreateTime` */
  readonly timestampType?: TimestampType | undefined
  /** default -1: not known */
  readonly leaderEpoch?: number | undefined
  /** default: none */
  readonly key?: Uint8Array | string | null | undefined
  /** default: none */
  readonly value?: Uint8Array | string | null | undefined
  /** default: none */
  readonly headers?: Headers | undefined
}

/**
 * A record from its fields. Strings are UTF-8.
 *
 * @example
 * ```ts
 * consumerRecord({ topic: 't', partition: 0, offset: 7, value: 'hello' }).value?.toString() // 'hello'
 * ```
 */
export const consumerRecord = (fields: ConsumerRecordFields): ConsumerRecord => {
  const key = toBuffer(fields.key)
  const value = toBuffer(fields.value)
  const keyLength = key?.length ?? 0
  const headers = fields.headers ?? noHeaders
  return new ConsumerRecord({
    topic: fields.topic,
    partition: fields.partition,
    offset: fields.offset,
    timestamp: fields.timestamp ?? -1,
    timestampType: fields.timestampType ?? 'CreateTime',
    leaderEpoch: fields.leaderEpoch ?? -1,
    buffer: Buffer.concat([key ?? emptyBuffer, value ?? emptyBuffer]),
    keyStart: 0,
    keyEnd: key === null ? -1 : keyLength,
    valueStart: keyLength,
    valueEnd: value === null ? -1 : keyLength + value.length,
    headersStart: 0,
    decodeHeaders: headers.length === 0 ? null : () => headers,
  })
}

const emptyBuffer = Buffer.alloc(0)

const toBuffer = (bytes: Uint8Array | string | null | undefined): Buffer | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes as Uint8Array)
