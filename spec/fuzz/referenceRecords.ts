import { crc32 } from 'node:zlib'
import { withHeaderChecksum } from '../../lib/protocol/codecs/lz4HeaderChecksum.js'
import { compressionCodec } from '../../lib/protocol/compression.js'
import type { AbortedTransaction } from '../../lib/protocol/abortedTransactions.js'

export interface ReferenceRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly { readonly key: string; readonly value: string | null }[]
  readonly timestamp: number
}

export interface ReferenceFetch {
  readonly records: readonly ReferenceRecord[]
  /** the next offset, or where the damage was met */
  readonly position: number
  readonly damaged: boolean
}

export interface ReferenceOptions {
  readonly fetchOffset: number
  readonly aborted: readonly AbortedTransaction[]
  readonly checkCrcs: boolean
}

/**
 * What a partition's bytes hold, read as slowly and plainly as the grammar is written (see `RecordBatch` and `BatchRecords`):
 * 64-bit integers as bigint, one slice after the other. What `decodeRecordBatches` gives is held against it.
 */
export const referenceRecords = (
  bytes: Buffer,
  { fetchOffset, aborted, checkCrcs }: ReferenceOptions,
): ReferenceFetch => {
  const records: ReferenceRecord[] = []
  const transactions = aborted.map((transaction) => ({ ...transaction, ended: false }))
  let position = fetchOffset
  let looked = -1

  const batch = (at: number, end: number): void => {
    const base = bytes.readBigInt64BE(at)
    const attributes = bytes.readInt16BE(at + 21)
    const lastDelta = bytes.readInt32BE(at + 23)
    const count = bytes.readInt32BE(at + 57)
    if (checkCrcs && crc(bytes.subarray(at + 21, end)) !== bytes.readUInt32BE(at + 17)) throw new Damage()
    if (base < 0n || lastDelta < 0 || count < 0 || base + BigInt(lastDelta) + 1n > MAX_SAFE) throw new Damage()
    const next = Number(base) + lastDelta + 1
    const producerId = bytes.readBigInt64BE(at + 43)
    const isTransactional = (attributes & 0x10) !== 0
    const isControl = (attributes & 0x20) !== 0

    const read = (): readonly ReferenceRecord[] => {
      const codec = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)[attributes & 0x07]
      if (codec === undefined) throw new Damage()
      const appended = (attributes & 0x08) === 0 ? undefined : bytes.readBigInt64BE(at + 35)
      const header = { base: Number(base), lastDelta, count, appended, baseTimestamp: bytes.readBigInt64BE(at + 27) }
      return recordsOf(header, inflated(codec, bytes.subarray(at + 61, end)), (record) => {
        if (isControl || record.offset < position) return
        records.push(record)
        position = record.offset + 1
      })
    }

    let visible = !isControl && count > 0 && next > position
    if (producerId >= 0n && transactions.some(({ ended }) => !ended)) {
      looked = Math.max(looked, next - 1)
      const mine = transactions.filter(
        (one) => one.producerId === producerId && one.firstOffset <= looked && !one.ended,
      )
      if (!isControl) visible = visible && !(isTransactional && mine.length > 0)
      else if (
        read()
          .slice(0, 1)
          .some(({ key }) => isAbort(key))
      )
        mine.forEach((one) => (one.ended = true))
    }
    if (visible) read()
    position = Math.max(position, next)
  }

  const message = (at: number, end: number): void => {
    const outer = messageAt(bytes, at, end)
    if (checkCrcs && !outer.checksumIsRight) throw new Damage()
    if (outer.offset < 0n || outer.offset + 1n > MAX_SAFE || outer.fields === undefined) throw new Damage()
    const next = Number(outer.offset) + 1
    if (next > position) {
      const codec = (['none', 'gzip', 'snappy', 'lz4'] as const)[outer.attributes & 0x07]
      if (codec === undefined) throw new Damage()
      const messages = codec === 'none' ? [outer] : messagesIn(outer, codec)
      for (const inner of messages) {
        if (![0, 1].includes(inner.magic) || (inner !== outer && (inner.attributes & 0x07) !== 0)) throw new Damage()
        if (inner.offset < 0n || inner.offset > MAX_SAFE) throw new Damage()
        const offset = inner === outer ? Number(inner.offset) : Number(inner.offset + shiftOf(outer, messages.at(-1)!))
        if (offset < position) continue
        if (offset >= next || (checkCrcs && !inner.checksumIsRight) || inner.fields === undefined) throw new Damage()
        const appended = inner !== outer && outer.magic === 1 && (outer.attributes & 0x08) !== 0
        records.push({
          ...{ offset, ...inner.fields, headers: [] },
          timestamp: inner.magic === 0 ? -1 : Number(appended ? outer.timestamp : inner.timestamp),
        })
        position = offset + 1
      }
    }
    position = Math.max(position, next)
  }

  try {
    for (let at = 0; bytes.length - at >= 12;) {
      const end = at + 12 + bytes.readInt32BE(at + 8)
      if (end > bytes.length) break
      const magic = end < at + 17 ? -1 : bytes.readInt8(at + 16)
      const overhead = [26, 34, 61][magic]
      if (overhead === undefined || end < at + overhead) throw new Damage()
      if (magic === 2) batch(at, end)
      else message(at, end)
      at = end
    }
    return { records, position, damaged: false }
  } catch (error) {
    if (!(error instanceof Damage)) throw error
    return { records, position, damaged: true }
  }
}

class Damage extends Error {}

/** A message of format 0 or 1; see `LegacyMessage`. */
interface ReferenceMessage {
  readonly offset: bigint
  readonly magic: number
  readonly attributes: number
  readonly timestamp: bigint
  readonly checksumIsRight: boolean
  /** undefined when they do not fill the message */
  readonly fields: { readonly key: string | null; readonly value: string | null } | undefined
}

const messageAt = (bytes: Buffer, at: number, end: number): ReferenceMessage => {
  const magic = bytes.readInt8(at + 16)
  const cursor = new Cursor(bytes.subarray(at + (magic === 0 ? 18 : 26), end))
  return {
    offset: bytes.readBigInt64BE(at),
    magic,
    attributes: bytes.readInt8(at + 17),
    timestamp: magic === 0 ? -1n : bytes.readBigInt64BE(at + 18),
    checksumIsRight: crc32(bytes.subarray(at + 16, end)) === bytes.readUInt32BE(at + 12),
    fields: cursor.keyAndValue(),
  }
}

/** Of those that are whole; their heads, before any of them is read. */
const messagesIn = (outer: ReferenceMessage, codec: 'gzip' | 'snappy' | 'lz4'): readonly ReferenceMessage[] => {
  const compressed = Buffer.from(outer.fields?.value ?? '', 'latin1')
  const repaired = outer.magic === 0 && codec === 'lz4' ? withHeaderChecksum(compressed) : compressed
  const bytes = inflated(codec, repaired)
  const messages: ReferenceMessage[] = []
  for (let at = 0; bytes.length - at >= 12;) {
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end < at + 26) throw new Damage()
    if (end > bytes.length) break
    if (bytes[at + 16] === 1 && end < at + 34) throw new Damage()
    messages.push(messageAt(bytes, at, end))
    at = end
  }
  if (messages.length === 0) throw new Damage()
  if (outer.magic === 1) shiftOf(outer, messages.at(-1)!)
  return messages
}

/** From offsets that count from 0, in format 1, to those of the log. */
const shiftOf = (outer: ReferenceMessage, last: ReferenceMessage): bigint => {
  if (outer.magic === 0) return 0n
  if (last.offset < 0n || last.offset > outer.offset) throw new Damage()
  return outer.offset - last.offset
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

interface BatchHeader {
  readonly base: number
  readonly lastDelta: number
  readonly count: number
  readonly baseTimestamp: bigint
  readonly appended: bigint | undefined
}

const recordsOf = (
  { base, lastDelta, count, baseTimestamp, appended }: BatchHeader,
  bytes: Buffer,
  take: (record: ReferenceRecord) => void,
): readonly ReferenceRecord[] => {
  const all: ReferenceRecord[] = []
  const batch = new Cursor(bytes)
  let previous = -1
  for (let i = 0; i < count; i++) {
    const cursor = new Cursor(batch.slice(batch.varint()))
    cursor.slice(1)
    const timestamp = BigInt.asIntN(64, baseTimestamp + cursor.varlong())
    const delta = cursor.varint()
    const key = cursor.nullable()
    const value = cursor.nullable()
    const headers = Array.from({ length: cursor.count() }, () => ({
      key: cursor.slice(cursor.varint()).toString(),
      value: cursor.nullable(),
    }))
    if (!cursor.done || delta <= previous || delta > lastDelta) throw new Damage()
    previous = delta
    const record = { offset: base + delta, key, value, headers, timestamp: Number(appended ?? timestamp) }
    all.push(record)
    take(record)
  }
  if (!batch.done) throw new Damage()
  return all
}

class Cursor {
  private at = 0
  constructor(private readonly bytes: Buffer) {}

  get done(): boolean {
    return this.at === this.bytes.length
  }

  slice(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new Damage()
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  /** With lengths of 32 bits, up to the end; undefined when that is not where they lead. */
  keyAndValue(): { readonly key: string | null; readonly value: string | null } | undefined {
    try {
      const field = (): string | null => {
        const length = this.slice(4).readInt32BE()
        return length === -1 ? null : this.slice(length).toString('latin1')
      }
      const fields = { key: field(), value: field() }
      return this.done ? fields : undefined
    } catch (error) {
      if (error instanceof Damage) return undefined
      throw error
    }
  }

  nullable(): string | null {
    const length = this.varint()
    return length === -1 ? null : this.slice(length).toString('latin1')
  }

  varint(): number {
    return Number(BigInt.asIntN(32, this.zigzag(5, 32)))
  }

  varlong(): bigint {
    return this.zigzag(10, 64)
  }

  /** Of headers: each takes two bytes at least. */
  count(): number {
    const count = this.varint()
    if (count < 0 || count * 2 > this.bytes.length - this.at) throw new Damage()
    return count
  }

  private zigzag(maxBytes: number, bits: number): bigint {
    let value = 0n
    for (let i = 0; i < maxBytes; i++) {
      const byte = this.slice(1)[0]!
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) {
        const unsigned = BigInt.asUintN(bits, value)
        return (unsigned >> 1n) ^ -(unsigned & 1n)
      }
    }
    throw new Damage()
  }
}

const inflated = (codec: Parameters<typeof compressionCodec>[0], bytes: Buffer): Buffer => {
  try {
    return compressionCodec(codec).decompress(bytes, 256 * 1024 * 1024)
  } catch {
    throw new Damage()
  }
}

/** The key of a marker: INT16 version, INT16 type, of which 0 is abort. */
const isAbort = (key: string | null): boolean => {
  if (key === null || key.length < 4 || key.charCodeAt(0) >= 0x80) throw new Damage()
  return Buffer.from(key, 'latin1').readInt16BE(2) === 0
}

/** CRC-32C, bit by bit. */
const crc = (bytes: Buffer): number => {
  let rest = 0xffff_ffff
  for (const byte of bytes) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (0x82f6_3b78 & -(rest & 1))
  }
  return ~rest >>> 0
}
