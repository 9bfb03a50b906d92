import { crc32 } from 'node:zlib'
import type { TimestampType } from '../client/ConsumerRecord.js'
import type { CompressionType } from '../client/KafkaConfig.js'
import { withHeaderChecksum } from './codecs/lz4HeaderChecksum.js'
import { compressionOfCode } from './compression.js'
import { hex32 } from './hex32.js'
import { COMPRESSION_MASK, LENGTH_AT, LOG_APPEND_TIME, MAGIC_AT, readInt64 } from './RecordBatch.js'

/**
 * A message of format 0 or 1, as Kafka wrote them before 0.11 (KIP-31, KIP-32,
 * https://kafka.apache.org/documentation/#messageset). Brokers of today write none, and serve those that a log still holds.
 *
 *   offset => INT64
 *   size => INT32                 bytes from here on
 *   crc => UINT32                 CRC-32 of all that follows
 *   magic => INT8                 0, 1
 *   attributes => INT8
 *     bits 0-2  compression       none, gzip, snappy, lz4
 *     bit 3     timestampType     1: the time of append; format 1 only
 *   timestamp => INT64            format 1 only
 *   key => INT32 length (-1: null), bytes
 *   value => INT32 length (-1: null), bytes
 *
 * The value of a compressed one holds messages in turn, see {@link LegacyRecords}. Its offset is that of the last of them.
 */
export class LegacyMessage {
  readonly count = 1
  readonly isControl = false
  readonly isTransactional = false
  readonly producerId = -1n
  readonly leaderEpoch = -1

  constructor(
    readonly buffer: Buffer,
    readonly start: number,
  ) {}

  get offset(): number {
    return readInt64(this.buffer, this.start)
  }

  get baseOffset(): number {
    return this.offset
  }

  get nextOffset(): number {
    return this.offset + 1
  }

  /** Where the next message begins, if this one is whole. */
  get end(): number {
    return this.start + LENGTH_AT + 4 + this.buffer.readInt32BE(this.start + LENGTH_AT)
  }

  get magic(): number {
    return this.buffer.readInt8(this.start + MAGIC_AT)
  }

  get compression(): CompressionType | undefined {
    const compression = compressionOfCode(this.attributes & COMPRESSION_MASK)
    return compression === 'zstd' ? undefined : compression
  }

  get timestampType(): TimestampType {
    if (this.magic === 0) return 'NoTimestampType'
    return (this.attributes & LOG_APPEND_TIME) === 0 ? 'CreateTime' : 'LogAppendTime'
  }

  /** ms; -1 in format 0 */
  get timestamp(): number {
    return this.magic === 0 ? -1 : readInt64(this.buffer, this.start + TIMESTAMP_AT)
  }

  /** Where key and value stand; undefined when their lengths contradict that of the message. */
  get fields(): LegacyFields | undefined {
    const { buffer, end } = this
    const keyAt = this.start + (this.magic === 0 ? TIMESTAMP_AT : TIMESTAMP_AT + 8)
    const keyLength = buffer.readInt32BE(keyAt)
    const keyStart = keyAt + 4
    const valueAt = keyStart + Math.max(0, keyLength)
    if (keyLength < -1 || valueAt + 4 > end) return undefined
    const valueLength = buffer.readInt32BE(valueAt)
    const valueStart = valueAt + 4
    if (valueLength < -1 || valueStart + Math.max(0, valueLength) !== end) return undefined
    return { keyStart, keyEnd: keyLength < 0 ? -1 : valueAt, valueStart, valueEnd: valueLength < 0 ? -1 : end }
  }

  /** Why it cannot be what a producer wrote; completes "The records of … at offset … ". */
  problem(checkCrcs: boolean): string | undefined {
    const crc = checkCrcs ? this.wrongCrc() : undefined
    if (crc !== undefined) return crc
    if (this.offset < 0 || !Number.isSafeInteger(this.nextOffset)) return 'have an offset that cannot be'
    return this.fields === undefined ? CONTRADICTION : undefined
  }

  /** What is wrong with its checksum, if anything is. */
  wrongCrc(): string | undefined {
    const written = this.buffer.readUInt32BE(this.start + CRC_AT)
    const crc = crc32(this.buffer.subarray(this.start + MAGIC_AT, this.end))
    return crc === written ? undefined : `fail their checksum (${hex32(crc)}, written as ${hex32(written)})`
  }

  /** The messages in it, compressed as they are. */
  compressedRecords(): Buffer {
    const { valueStart = 0, valueEnd = -1 } = this.fields ?? {}
    const bytes = this.buffer.subarray(valueStart, Math.max(valueStart, valueEnd))
    return this.magic === 0 && this.compression === 'lz4' ? withHeaderChecksum(bytes) : bytes
  }

  private get attributes(): number {
    return this.buffer.readInt8(this.start + ATTRIBUTES_AT)
  }
}

/** Positions in the buffer; an end of -1 says null. */
export interface LegacyFields {
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

export const CONTRADICTION = 'hold a message whose lengths contradict each other'

const CRC_AT = 12
const ATTRIBUTES_AT = 17
const TIMESTAMP_AT = 18

/** The least bytes of a message, offset and size included, by its format. */
export const LEGACY_OVERHEAD: readonly number[] = [26, 34]
