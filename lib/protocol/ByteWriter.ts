/**
 * Writes Kafka's primitive types into a Buffer that grows. The mirror of `ByteReader`; methods return `this`.
 *
 * @example
 * ```ts
 * new ByteWriter().writeString('orders').writeInt32(3).toBuffer()
 * ```
 */
export class ByteWriter {
  private buffer: Buffer
  private offset = 0

  /** @param capacity bytes reserved at once; a good guess saves copies */
  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafe(capacity)
  }

  writeInt8(value: number): this {
    this.offset = this.room(1).writeInt8(value, this.offset)
    return this
  }

  writeBoolean(value: boolean): this {
    return this.writeInt8(value ? 1 : 0)
  }

  writeInt16(value: number): this {
    this.offset = this.room(2).writeInt16BE(value, this.offset)
    return this
  }

  writeInt32(value: number): this {
    this.offset = this.room(4).writeInt32BE(value, this.offset)
    return this
  }

  /** An integer within ±2^53. */
  writeInt64(value: number): this {
    const high = Math.floor(value / 0x1_0000_0000)
    return this.writeInt32(high).writeInt32((value - high * 0x1_0000_0000) | 0)
  }

  writeBigInt64(value: bigint): this {
    this.offset = this.room(8).writeBigInt64BE(value, this.offset)
    return this
  }

  writeUnsignedVarint(value: number): this {
    this.room(5)
    let rest = value >>> 0
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.offset++] = (rest & 0x7f) | 0x80
    this.buffer[this.offset++] = rest
    return this
  }

  /** VARINT: zigzag, 32 bits. */
  writeVarint(value: number): this {
    return this.writeUnsignedVarint((value << 1) ^ (value >> 31))
  }

  writeString(value: string): this {
    return this.writeInt16(Buffer.byteLength(value)).utf8(value)
  }

  writeNullableString(value: string | null): this {
    return value === null ? this.writeInt16(-1) : this.writeString(value)
  }

  writeCompactString(value: string): this {
    return this.writeUnsignedVarint(Buffer.byteLength(value) + 1).utf8(value)
  }

  writeCompactNullableString(value: string | null): this {
    return value === null ? this.writeUnsignedVarint(0) : this.writeCompactString(value)
  }

  /** As `ByteReader.readUuid` gives it. */
  writeUuid(uuid: string | undefined): this {
    const start = this.offset
    this.room(UUID_BYTES).fill(0, start, start + UUID_BYTES)
    if (uuid !== undefined) this.buffer.write(uuid, start, UUID_BYTES, 'base64url')
    this.offset += UUID_BYTES
    return this
  }

  /** BYTES and RECORDS: a 32-bit length, then the bytes. */
  writeBytes(bytes: Uint8Array): this {
    this.writeInt32(bytes.length)
    this.room(bytes.length).set(bytes, this.offset)
    this.offset += bytes.length
    return this
  }

  /** COMPACT_BYTES and COMPACT_RECORDS. */
  writeCompactBytes(bytes: Uint8Array): this {
    this.writeUnsignedVarint(bytes.length + 1)
    this.room(bytes.length).set(bytes, this.offset)
    this.offset += bytes.length
    return this
  }

  writeArray<T>(elements: readonly T[], write: (writer: this, element: T) => void): this {
    this.writeInt32(elements.length)
    for (const element of elements) write(this, element)
    return this
  }

  writeCompactArray<T>(elements: readonly T[], write: (writer: this, element: T) => void): this {
    this.writeUnsignedVarint(elements.length + 1)
    for (const element of elements) write(this, element)
    return this
  }

  /** TAG_BUFFER without a field (KIP-482). */
  writeNoTaggedFields(): this {
    return this.writeUnsignedVarint(0)
  }

  /** What was written: a view, so write no more after it. */
  toBuffer(): Buffer {
    return this.buffer.subarray(0, this.offset)
  }

  private utf8(value: string): this {
    this.offset += this.room(Buffer.byteLength(value)).write(value, this.offset)
    return this
  }

  private room(length: number): Buffer {
    const needed = this.offset + length
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
      this.buffer.copy(grown, 0, 0, this.offset)
      this.buffer = grown
    }
    return this.buffer
  }
}

const UUID_BYTES = 16
