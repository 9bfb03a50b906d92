import type { CompressionType } from '../client/KafkaConfig.js'
import type { TimestampType } from '../client/ConsumerRecord.js'
import { compressionOfCode } from './compression.js'
import { crc32c } from './crc32c.js'
import { hex32 } from './hex32.js'

/**
 * A record batch of message format 2, the only one that is written since Kafka 4 (KIP-98, https://kafka.apache.org/documentation/#recordbatch):
 *
 *   baseOffset => INT64
 *   batchLength => INT32               bytes from here on
 *   partitionLeaderEpoch => INT32
 *   magic => INT8                      2
 *   crc => UINT32                      CRC-32C of all that follows
 *   attributes => INT16
 *     bits 0-2  compression            none, gzip, snappy, lz4, zstd
 *     bit 3     timestampType          1: maxTimestamp is the time of append, for every record
 *     bit 4     isTransactional
 *     bit 5     isControlBatch         one record, a commit or abort marker
 *     bit 6     hasDeleteHorizonMs     baseTimestamp is that of compaction; deltas still count from it
 *   lastOffsetDelta => INT32           kept by compaction when records at the tail go
 *   baseTimestamp => INT64
 *   maxTimestamp => INT64
 *   producerId => INT64
 *   producerEpoch => INT16
 *   baseSequence => INT32
 *   records => [record]                INT32 count, then the records, compressed together
 *
 * This class is a view of the header at `start`; nothing is checked before it is read.
 */
export class RecordBatch {
  constructor(
    readonly buffer: Buffer,
    readonly start: number,
  ) {}

  get baseOffset(): number {
    return readInt64(this.buffer, this.start)
  }

  /** Where the next batch begins, if this one is whole. */
  get end(): number {
    return this.start + LENGTH_AT + 4 + this.buffer.readInt32BE(this.start + LENGTH_AT)
  }

  get leaderEpoch(): number {
    return this.buffer.readInt32BE(this.start + LEADER_EPOCH_AT)
  }

  get magic(): number {
    return this.buffer.readInt8(this.start + MAGIC_AT)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.start + CRC_AT)
  }

  get compression(): CompressionType | undefined {
    return compressionOfCode(this.attributes & COMPRESSION_MASK)
  }

  get timestampType(): TimestampType {
    return (this.attributes & LOG_APPEND_TIME) === 0 ? 'CreateTime' : 'LogAppendTime'
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.start + LAST_OFFSET_DELTA_AT)
  }

  /** The first offset after this batch. */
  get nextOffset(): number {
    return this.baseOffset + this.lastOffsetDelta + 1
  }

  get baseTimestamp(): number {
    return readInt64(this.buffer, this.start + BASE_TIMESTAMP_AT)
  }

  get exactBaseTimestamp(): bigint {
    return this.buffer.readBigInt64BE(this.start + BASE_TIMESTAMP_AT)
  }

  get maxTimestamp(): number {
    return readInt64(this.buffer, this.start + MAX_TIMESTAMP_AT)
  }

  get producerId(): bigint {
    return this.buffer.readBigInt64BE(this.start + PRODUCER_ID_AT)
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.start + PRODUCER_EPOCH_AT)
  }

  get baseSequence(): number {
    return this.buffer.readInt32BE(this.start + BASE_SEQUENCE_AT)
  }

  get count(): number {
    return this.buffer.readInt32BE(this.start + COUNT_AT)
  }

  /** Why it cannot be what a producer wrote; completes "The records of … at offset … ". */
  problem(checkCrcs: boolean): string | undefined {
    if (checkCrcs) {
      const crc = crc32c(this.buffer, this.start + ATTRIBUTES_AT, this.end)
      if (crc !== this.crc) return `fail their checksum (${hex32(crc)}, written as ${hex32(this.crc)})`
    }
    const cannotBe =
      this.baseOffset < 0 || this.lastOffsetDelta < 0 || this.count < 0 || !Number.isSafeInteger(this.nextOffset)
    return cannotBe ? 'have a batch header that cannot be' : undefined
  }

  /** The records, compressed as they are. */
  compressedRecords(): Buffer {
    return this.buffer.subarray(this.start + RECORDS_AT, this.end)
  }

  private get attributes(): number {
    return this.buffer.readInt16BE(this.start + ATTRIBUTES_AT)
  }
}

export const LENGTH_AT = 8
export const LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const COUNT_AT = 57
/** size of the header; the records begin here */
export const RECORDS_AT = 61

export const CURRENT_MAGIC = 2

export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME = 0x08
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20

/** Exact within ±2^53, rounded beyond: who needs it exact asks `Number.isSafeInteger`. */
export const readInt64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4)
