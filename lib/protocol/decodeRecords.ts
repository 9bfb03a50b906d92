import { ConsumerRecord, type TimestampType } from '../client/ConsumerRecord.js'
import type { Offset } from '../client/Offset.js'
import { corruptRecords } from './corruptRecords.js'
import { decodeHeaders } from './decodeHeaders.js'
import type { RecordBatch } from './RecordBatch.js'

/**
 * The records of one batch, decoded piece by piece. The innermost loop of reading: no closure, no BigInt, one object per record.
 *
 *   record =>
 *     length => VARINT               bytes from here on
 *     attributes => INT8             unused
 *     timestampDelta => VARLONG
 *     offsetDelta => VARINT
 *     key => VARINT length (-1: null), bytes
 *     value => VARINT length (-1: null), bytes
 *     headers => see decodeHeaders
 */
export class BatchRecords {
  private readonly baseOffset: Offset
  private readonly lastOffsetDelta: number
  private readonly baseTimestamp: number
  private readonly appendTime: number
  private readonly timestampType: TimestampType
  private readonly leaderEpoch: number
  private previousDelta = -1
  private left: number

  /**
   * @param bytes the batch's records, inflated, from `position` to `end`
   */
  constructor(
    private readonly topic: string,
    private readonly partition: number,
    batch: RecordBatch,
    private readonly bytes: Buffer,
    private position: number,
    private readonly end: number,
  ) {
    this.baseOffset = batch.baseOffset
    this.lastOffsetDelta = batch.lastOffsetDelta
    this.baseTimestamp = batch.baseTimestamp
    this.appendTime = batch.maxTimestamp
    this.timestampType = batch.timestampType
    this.leaderEpoch = batch.leaderEpoch
    this.left = batch.count
  }

  /** All records were read. */
  get exhausted(): boolean {
    return this.left === 0
  }

  /** Behind the last record read. */
  get nextOffset(): Offset {
    return this.baseOffset + this.previousDelta + 1
  }

  /**
   * Appends records to `into` until it holds `max` or the batch ends; those below `from` are passed over.
   * @throws KafkaError `Corrupt`; what stands before the damage was appended
   */
  read(into: ConsumerRecord[], max: number, from: Offset): void {
    const { topic, partition, bytes, end, baseOffset, lastOffsetDelta, baseTimestamp, timestampType, leaderEpoch } =
      this
    const isAppendTime = timestampType === 'LogAppendTime'
    for (let room = max - into.length; room > 0 && this.left > 0; this.left--) {
      cursor = this.position
      const length = readVarint(bytes)
      const recordEnd = cursor + length
      if (length < 0 || recordEnd > end) throw this.corrupt('end in the middle of a record')

      cursor++
      const timestampDelta = readVarlong(bytes)
      const offsetDelta = readVarint(bytes)
      const keyLength = readVarint(bytes)
      const keyStart = cursor
      if (keyLength > 0) cursor += keyLength
      const valueLength = cursor < recordEnd ? readVarint(bytes) : malformed
      const valueStart = cursor
      if (valueLength > 0) cursor += valueLength
      const headersStart = cursor
      const headers = cursor < recordEnd ? readVarint(bytes) : malformed

      if (
        keyLength < -1 ||
        valueLength < -1 ||
        headers < 0 ||
        cursor > recordEnd ||
        (headers === 0 && cursor < recordEnd)
      ) {
        throw this.corrupt('hold a record whose lengths contradict each other')
      }
      if (offsetDelta <= this.previousDelta || offsetDelta > lastOffsetDelta) {
        throw this.corrupt('are not in the order of their offsets')
      }
      this.position = recordEnd
      this.previousDelta = offsetDelta

      const offset = baseOffset + offsetDelta
      if (offset < from) continue
      into.push(
        new ConsumerRecord(
          topic,
          partition,
          offset,
          isAppendTime ? this.appendTime : baseTimestamp + timestampDelta,
          timestampType,
          leaderEpoch,
          bytes,
          keyStart,
          keyLength < 0 ? -1 : keyStart + keyLength,
          valueStart,
          valueLength < 0 ? -1 : valueStart + valueLength,
          headersStart,
          headers === 0 ? null : decodeHeaders,
        ),
      )
      room--
    }
    if (this.left === 0 && this.position !== end) throw this.corrupt('are followed by bytes that belong to no record')
  }

  private corrupt(problem: string): Error {
    return corruptRecords(this.topic, this.partition, this.nextOffset, problem)
  }
}

/** Less than any length: also what a varint that never ends is read as, so that one check finds all damage. */
const malformed = -2

/** Where the next byte is read. A variable of the module, since a function can then return the value alone. */
let cursor = 0

/** VARINT: zigzag, 32 bits. Bytes that are not there read as `undefined` and end in {@link malformed}. */
const readVarint = (bytes: Buffer): number => {
  let byte = bytes[cursor++]!
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
  let value = byte & 0x7f
  for (let shift = 7; shift < 35; shift += 7) {
    byte = bytes[cursor++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  return malformed
}

/** VARLONG: zigzag, 64 bits; in 32-bit arithmetic as long as it fits. Exact within ±2^53, rounded beyond. */
const readVarlong = (bytes: Buffer): number => {
  let byte = bytes[cursor++]!
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
  let value = byte & 0x7f
  for (let shift = 7; shift < 28; shift += 7) {
    byte = bytes[cursor++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
  }
  return readLongTail(bytes, value)
}

const readLongTail = (bytes: Buffer, low: number): number => {
  let value = low
  for (let unit = 2 ** 28; unit <= 2 ** 63; unit *= 128) {
    const byte = bytes[cursor++]!
    value += (byte & 0x7f) * unit
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  cursor = bytes.length
  return 0
}
