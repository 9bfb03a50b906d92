import { ConsumerRecord, type TimestampType } from '../client/ConsumerRecord.js'
import type { Offset } from '../client/Offset.js'
import { corruptRecords } from './corruptRecords.js'
import { decodeHeaders } from './decodeHeaders.js'
import type { RecordBatch } from './RecordBatch.js'
import type { RecordReader } from './RecordReader.js'

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
export class BatchRecords implements RecordReader {
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
    private readonly batch: RecordBatch,
    private readonly bytes: Buffer,
    private position: number,
    private readonly end: number,
  ) {
    this.baseOffset = batch.baseOffset
    this.lastOffsetDelta = batch.lastOffsetDelta
    this.baseTimestamp = unlessWide(batch.baseTimestamp)
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
    // Varints of one byte are read in place: as calls with a shared cursor the loop took half as long again.
    // Reading beyond the bytes gives zeros and moves `at` on, so that `at !== recordEnd` finds every record that is cut.
    for (let room = max - into.length; room > 0 && this.left > 0; this.left--) {
      let at = this.position
      let byte = bytes[at++]!
      let length = zigzag(byte)
      if (byte >= 0x80) {
        length = longVarint(bytes, at, byte)
        at = cursor
      }
      const recordEnd = at + length
      if (length < 0 || recordEnd > end) throw this.corrupt('end in the middle of a record')

      const timestampAt = ++at
      byte = bytes[at++]!
      let timestampDelta = zigzag(byte)
      if (byte >= 0x80) {
        timestampDelta = longVarlong(bytes, at, byte)
        at = cursor
      }
      byte = bytes[at++]!
      let offsetDelta = zigzag(byte)
      if (byte >= 0x80) {
        offsetDelta = longVarint(bytes, at, byte)
        at = cursor
      }

      byte = bytes[at++]!
      let keyLength = zigzag(byte)
      if (byte >= 0x80) {
        keyLength = longVarint(bytes, at, byte)
        at = cursor
      }
      const keyStart = at
      if (keyLength > 0) at += keyLength

      byte = bytes[at++]!
      let valueLength = zigzag(byte)
      if (byte >= 0x80) {
        valueLength = longVarint(bytes, at, byte)
        at = cursor
      }
      const valueStart = at
      if (valueLength > 0) at += valueLength

      const headersStart = at
      byte = bytes[at++]!
      let headers = zigzag(byte)
      if (byte >= 0x80) {
        headers = longVarint(bytes, at, byte)
        at = cursor
      }
      if (headers > 0) at = behindHeaders(bytes, at, headers, recordEnd)

      if (keyLength < -1 || valueLength < -1 || headers < 0 || at !== recordEnd) {
        throw this.corrupt('hold a record whose lengths contradict each other')
      }
      if (offsetDelta <= this.previousDelta || offsetDelta > lastOffsetDelta) {
        throw this.corrupt('are not in the order of their offsets')
      }
      this.position = recordEnd
      this.previousDelta = offsetDelta

      const offset = baseOffset + offsetDelta
      if (offset < from) continue
      let timestamp = this.appendTime
      if (!isAppendTime) {
        timestamp = baseTimestamp + timestampDelta
        if (Number.isNaN(timestamp)) timestamp = this.exactTimestamp(timestampAt)
      }
      into.push(
        new ConsumerRecord({
          topic,
          partition,
          offset,
          timestamp,
          timestampType,
          leaderEpoch,
          buffer: bytes,
          keyStart,
          keyEnd: keyLength < 0 ? -1 : keyStart + keyLength,
          valueStart,
          valueEnd: valueLength < 0 ? -1 : valueStart + valueLength,
          headersStart,
          decodeHeaders: headers === 0 ? null : decodeHeaders,
        }),
      )
      room--
    }
    if (this.left === 0 && this.position !== end) throw this.corrupt('are followed by bytes that belong to no record')
  }

  /** As Java counts: the sum of two 64-bit integers, which wraps. Rounded once, to the nearest number. */
  private exactTimestamp(deltaAt: number): number {
    return Number(BigInt.asIntN(64, this.batch.exactBaseTimestamp + varlong(this.bytes, deltaAt)))
  }

  private corrupt(problem: string): Error {
    return corruptRecords(this.topic, this.partition, this.nextOffset, problem)
  }
}

/** NaN for a number that is not exact, and so for every sum with it: one comparison finds all that must be counted otherwise. */
const unlessWide = (value: number): number => (Number.isSafeInteger(value) ? value : NaN)

/** One byte of zigzag: nearly every varint of a record. */
const zigzag = (byte: number): number => (byte >>> 1) ^ -(byte & 1)

/** Where a varint of several bytes ended: a variable of the module, since a function returns the value alone. */
let cursor = 0

/** The rest of a VARINT: zigzag, 32 bits. */
const longVarint = (bytes: Buffer, start: number, first: number): number => {
  let value = first & 0x7f
  let at = start
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = bytes[at++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      cursor = at
      return (value >>> 1) ^ -(value & 1)
    }
  }
  return endless(bytes)
}

/** A VARLONG of which `longVarlong` has found the end: bits beyond the 64th are dropped, as Java does. */
const varlong = (bytes: Buffer, start: number): bigint => {
  let value = 0n
  for (let at = start, shift = 0n; ; shift += 7n) {
    const byte = bytes[at++]!
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  const unsigned = BigInt.asUintN(64, value)
  return (unsigned >> 1n) ^ -(unsigned & 1n)
}

/** The rest of a VARLONG: zigzag, 64 bits; in 32-bit arithmetic while it fits. NaN beyond ±2^52. */
const longVarlong = (bytes: Buffer, start: number, first: number): number => {
  let low = first & 0x7f
  let at = start
  for (let shift = 7; shift < 28; shift += 7) {
    const byte = bytes[at++]!
    low |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      cursor = at
      return (low >>> 1) ^ -(low & 1)
    }
  }
  let value = low
  for (let unit = 2 ** 28; unit <= 2 ** 63; unit *= 128) {
    const byte = bytes[at++]!
    value += (byte & 0x7f) * unit
    if (byte < 0x80) {
      cursor = at
      if (value > Number.MAX_SAFE_INTEGER) return NaN
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  return endless(bytes)
}

/**
 * Where the headers end: they are decoded when someone asks for them, but whether they fit their record is known now, while an
 * error can still name the offset. Beyond `recordEnd` when they do not fit.
 */
const behindHeaders = (bytes: Buffer, start: number, count: number, recordEnd: number): number => {
  let at = start
  for (let left = count; left > 0 && at <= recordEnd; left--) {
    for (let least = 0; least >= -1; least--) {
      const byte = bytes[at++]!
      let length = zigzag(byte)
      if (byte >= 0x80) {
        length = longVarint(bytes, at, byte)
        at = cursor
      }
      if (length < least) return recordEnd + 1
      if (length > 0) at += length
    }
  }
  return at
}

/** A varint that does not end is damage: the cursor goes where the check of the record's end finds it. */
const endless = (bytes: Buffer): number => {
  cursor = bytes.length + 1
  return 0
}
