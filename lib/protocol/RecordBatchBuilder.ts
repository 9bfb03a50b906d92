import type { Headers } from '../client/Headers.js'
import type { CompressionType } from '../client/KafkaConfig.js'
import type { Bytes } from '../client/ProducerRecord.js'
import { codeOfCompression, compressionCodec } from './compression.js'
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  COUNT_AT,
  CURRENT_MAGIC,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  RECORDS_AT,
} from './RecordBatch.js'
import { noProducer, sealRecordBatch } from './sealRecordBatch.js'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.js'

/**
 * Encodes records into one batch as they arrive: `append`… → `build` → `sealRecordBatch` → sent, perhaps sealed and sent
 * again → `reset`. For the grammar see `RecordBatch` and `BatchRecords`.
 *
 * @example
 * ```ts
 * const builder = new RecordBatchBuilder(16_384)
 * const taken = builder.append('key', 'value', noHeaders, now) // false: the batch is full, and the record is not in it
 * const batch = builder.build('gzip')
 * sealRecordBatch(batch, { producerId: 7n, producerEpoch: 0, baseSequence: 0, transactional: false })
 * ```
 */
export class RecordBatchBuilder {
  private buffer: Buffer
  private end = RECORDS_AT
  private records = 0
  /** offsets without a record */
  private holes = 0
  private baseTimestamp = 0
  private maxTimestamp = 0

  /**
   * @param limit bytes of a batch, uncompressed, with its header: `batch.size`. One larger record is taken alone.
   * @param capacity bytes reserved at once
   */
  constructor(
    readonly limit: number,
    capacity = limit,
  ) {
    this.buffer = Buffer.allocUnsafe(Math.max(capacity, RECORDS_AT))
  }

  /** Records taken. */
  get count(): number {
    return this.records
  }

  /** Bytes of the batch so far, uncompressed, with its header. */
  get size(): number {
    return this.end
  }

  /**
   * Takes a record, or returns false if it would make a batch that holds some already larger than the limit.
   *
   * @param time ms since the epoch; parts of a millisecond are cut off
   */
  append(key: Bytes, value: Bytes, headers: Headers, time: number): boolean {
    const timestamp = Math.trunc(time)
    const keySize = sizeOf(key)
    const valueSize = sizeOf(value)
    if (this.records === 0) this.baseTimestamp = this.maxTimestamp = timestamp
    const timestampDelta = timestamp - this.baseTimestamp
    const offsetDelta = this.records + this.holes
    const length =
      1 +
      varlongSize(timestampDelta) +
      varintSize(offsetDelta) +
      varintSize(keySize) +
      varintSize(valueSize) +
      (keySize > 0 ? keySize : 0) +
      (valueSize > 0 ? valueSize : 0) +
      (headers.length === 0 ? 1 : headersSize(headers))
    const end = this.end + varintSize(length) + length
    if (end > this.limit && this.records > 0) return false
    if (end > this.buffer.length) this.grow(end)

    const { buffer } = this
    let at = writeVarint(buffer, this.end, length)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeBytes(buffer, at, key, keySize)
    at = writeBytes(buffer, at, value, valueSize)
    if (headers.length === 0) buffer[at] = 0
    else writeHeaders(buffer, at, headers)

    this.end = end
    this.records++
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    return true
  }

  /** Leaves out offsets, as compaction does. */
  passOver(offsets: number): void {
    this.holes += offsets
  }

  /**
   * The batch, sealed for no producer. Without compression it is a view on this builder's memory: `reset` only when it is
   * needed no more.
   */
  build(compression: CompressionType = 'none', level?: number): Buffer {
    const batch = compression === 'none' ? this.buffer.subarray(0, this.end) : this.compress(compression, level)
    batch.writeInt32BE(0, 0)
    batch.writeInt32BE(0, 4)
    batch.writeInt32BE(batch.length - LENGTH_AT - 4, LENGTH_AT)
    batch.writeInt32BE(-1, LEADER_EPOCH_AT)
    batch.writeInt8(CURRENT_MAGIC, MAGIC_AT)
    batch.writeInt16BE(codeOfCompression(compression), ATTRIBUTES_AT)
    batch.writeInt32BE(this.records + this.holes - 1, LAST_OFFSET_DELTA_AT)
    writeInt64(batch, this.baseTimestamp, BASE_TIMESTAMP_AT)
    writeInt64(batch, this.maxTimestamp, MAX_TIMESTAMP_AT)
    batch.writeInt32BE(this.records, COUNT_AT)
    return sealRecordBatch(batch, noProducer)
  }

  /** Empty again, with its memory kept. */
  reset(): void {
    this.end = RECORDS_AT
    this.records = 0
    this.holes = 0
  }

  private compress(compression: CompressionType, level?: number): Buffer {
    const compressed = compressionCodec(compression).compress(this.buffer.subarray(RECORDS_AT, this.end), level)
    const batch = Buffer.allocUnsafe(RECORDS_AT + compressed.length)
    batch.set(compressed, RECORDS_AT)
    return batch
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.end)
    this.buffer = grown
  }
}

/**
 * An upper bound of the size of a batch that holds only this record: what `max.request.size` is compared with.
 */
export const recordSizeUpperBound = (key: Bytes, value: Bytes, headers: Headers): number =>
  RECORDS_AT + MAX_RECORD_OVERHEAD + Math.max(0, sizeOf(key)) + Math.max(0, sizeOf(value)) + headersSize(headers)

/** length, attributes, timestamp, offset, and the lengths of key and value */
const MAX_RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5

/** -1 for null, as the wire has it. */
const sizeOf = (bytes: Bytes): number =>
  bytes === null ? -1 : typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length

const headersSize = (headers: Headers): number => {
  let size = varintSize(headers.length)
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key)
    const valueSize = value === null ? -1 : value.length
    size += varintSize(keySize) + keySize + varintSize(valueSize) + Math.max(0, valueSize)
  }
  return size
}

const writeHeaders = (buffer: Buffer, start: number, headers: Headers): void => {
  let at = writeVarint(buffer, start, headers.length)
  for (const { key, value } of headers) {
    at = writeBytes(buffer, at, key, Buffer.byteLength(key))
    at = writeBytes(buffer, at, value, sizeOf(value))
  }
}

const writeBytes = (buffer: Buffer, start: number, bytes: Bytes, size: number): number => {
  const at = writeVarint(buffer, start, size)
  if (bytes === null) return at
  if (typeof bytes === 'string') writeText(buffer, at, bytes, size)
  else buffer.set(bytes, at)
  return at + size
}

/** Most text is ASCII, as its size tells, and that is written in half the time of UTF-8; a short one quickest without a call. */
const writeText = (buffer: Buffer, at: number, text: string, size: number): void => {
  if (size !== text.length) buffer.write(text, at, size)
  else if (size > SHORT_TEXT) writeAscii.call(buffer, text, at, size)
  else for (let i = 0; i < size; i++) buffer[at + i] = text.charCodeAt(i)
}

const SHORT_TEXT = 16

/** Node has it without telling (`Buffer.write` comes to it by way of the encoding's name). */
const writeAscii: (this: Buffer, text: string, at: number, size: number) => unknown =
  (Buffer.prototype as { latin1Write?: (text: string, at: number, size: number) => number }).latin1Write ??
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its `this`
  (Buffer.prototype as Buffer).write

const writeInt64 = (buffer: Buffer, value: number, at: number): void => {
  const high = Math.floor(value / 0x1_0000_0000)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}
