import { KafkaError } from '../client/KafkaError.js'

/**
 * A cursor over bytes in Kafka's primitive types (https://kafka.apache.org/protocol#protocol_types).
 *
 * Every read is bounded: a length or count that the remaining bytes cannot hold is a `Corrupt` error before anything is
 * allocated. Int64 comes as `number` and is refused beyond ±2^53; producer ids, which nobody counts with, as `bigint`.
 *
 * For headers and responses. The record path (`decodeRecordBatches.ts`) reads its varints inline.
 */
export class ByteReader {
  /** @param what named in errors: `Fetch response` */
  constructor(
    readonly buffer: Buffer,
    private readonly what: string,
    private offset = 0,
    private readonly end = buffer.length,
  ) {}

  get position(): number {
    return this.offset
  }

  get remaining(): number {
    return this.end - this.offset
  }

  readInt8(): number {
    return this.buffer.readInt8(this.advance(1))
  }

  readBoolean(): boolean {
    return this.readInt8() !== 0
  }

  readInt16(): number {
    return this.buffer.readInt16BE(this.advance(2))
  }

  readInt32(): number {
    return this.buffer.readInt32BE(this.advance(4))
  }

  readInt64(): number {
    const start = this.advance(8)
    const value = this.buffer.readInt32BE(start) * 0x1_0000_0000 + this.buffer.readUInt32BE(start + 4)
    return Number.isSafeInteger(value) ? value : this.fail(`holds an integer beyond 2^53 at byte ${start}`)
  }

  readBigInt64(): bigint {
    return this.buffer.readBigInt64BE(this.advance(8))
  }

  /** UNSIGNED_VARINT, at most 5 bytes. */
  readUnsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.advance(1)]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    return this.fail(`holds a varint of more than 5 bytes before byte ${this.offset}`)
  }

  /** VARINT: zigzag, 32 bits. */
  readVarint(): number {
    const value = this.readUnsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  readString(): string {
    return this.utf8(this.notNull(this.readInt16()))
  }

  readNullableString(): string | null {
    const length = this.readInt16()
    return length === -1 ? null : this.utf8(length)
  }

  readCompactString(): string {
    return this.utf8(this.notNull(this.readUnsignedVarint() - 1))
  }

  readCompactNullableString(): string | null {
    const length = this.readUnsignedVarint() - 1
    return length === -1 ? null : this.utf8(length)
  }

  /** A view on the bytes, not a copy. Null is empty, as brokers write it for RECORDS. */
  readBytes(): Buffer {
    const length = this.readInt32()
    return this.readSlice(length === -1 ? 0 : length)
  }

  /** COMPACT_BYTES and COMPACT_RECORDS, as `readBytes`. */
  readCompactBytes(): Buffer {
    return this.readSlice(Math.max(0, this.readUnsignedVarint() - 1))
  }

  /** A UUID as Kafka prints it: base64 for URLs, without padding. Undefined for the one of zeros, which stands for none. */
  readUuid(): string | undefined {
    const start = this.advance(16)
    const uuid = this.buffer.toString('base64url', start, this.offset)
    return uuid === ZERO_UUID ? undefined : uuid
  }

  /** A view on the next `length` bytes. */
  readSlice(length: number): Buffer {
    const start = this.advance(length)
    return this.buffer.subarray(start, this.offset)
  }

  readArray<T>(read: (reader: this) => T): T[] {
    return this.elements(this.notNull(this.readInt32()), read)
  }

  /** Null as an empty array: no answer we read tells them apart. */
  readNullableArray<T>(read: (reader: this) => T): T[] {
    return this.elements(Math.max(0, this.readInt32()), read)
  }

  readCompactArray<T>(read: (reader: this) => T): T[] {
    return this.elements(Math.max(0, this.readUnsignedVarint() - 1), read)
  }

  /** Skips TAG_BUFFER: we know no tagged field (KIP-482). */
  skipTaggedFields(): void {
    for (let count = this.readUnsignedVarint(); count > 0; count--) {
      this.readUnsignedVarint()
      this.advance(this.readUnsignedVarint())
    }
  }

  private elements<T>(count: number, read: (reader: this) => T): T[] {
    if (count > this.remaining) this.fail(`announces ${count} elements with ${this.remaining} bytes left`)
    const elements: T[] = []
    for (let i = 0; i < count; i++) elements.push(read(this))
    return elements
  }

  private utf8(length: number): string {
    const start = this.advance(length)
    return this.buffer.toString('utf8', start, this.offset)
  }

  private notNull(length: number): number {
    return length >= 0 ? length : this.fail(`holds a null before byte ${this.offset} where none may be`)
  }

  /** Moves on by `length` bytes and returns where they start. */
  private advance(length: number): number {
    const start = this.offset
    if (length < 0 || length > this.end - start)
      this.fail(`ends early: ${length} bytes wanted, ${this.end - start} left`)
    this.offset = start + length
    return start
  }

  private fail(problem: string): never {
    throw new KafkaError({
      _tag: 'Corrupt',
      message:
        `${this.what} ${problem}. The bytes were damaged on the way, or the peer speaks another version of the protocol; ` +
        'check that the address belongs to a Kafka broker and that no proxy rewrites the traffic.',
      retriable: true,
    })
  }
}

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
