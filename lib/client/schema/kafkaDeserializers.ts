import type { Deserializer } from './Deserializer.js'

/**
 * UTF-8 text.
 *
 * @example
 * ```ts
 * new StringDeserializer().deserialize('flights', Buffer.from('AMS')) // 'AMS'
 *
 * KafkaSource.builder().setValueOnlyDeserializer(StringDeserializer)
 * ```
 */
export class StringDeserializer implements Deserializer<string> {
  deserialize(_topic: string, data: Uint8Array | null): string | null {
    return data === null ? null : toBuffer(data).toString('utf8')
  }
}

/**
 * Four bytes, signed, big-endian.
 *
 * @example
 * ```ts
 * new IntegerDeserializer().deserialize('counts', Buffer.of(0, 0, 1, 0)) // 256
 * ```
 */
export class IntegerDeserializer implements Deserializer<number> {
  deserialize(_topic: string, data: Uint8Array | null): number | null {
    return data === null ? null : sized(data, 4, 'IntegerDeserializer').readInt32BE()
  }
}

/**
 * Eight bytes, signed, big-endian.
 *
 * @example
 * ```ts
 * new LongDeserializer().deserialize('counts', Buffer.of(0, 0, 0, 0, 0, 0, 1, 0)) // 256n
 * ```
 */
export class LongDeserializer implements Deserializer<bigint> {
  deserialize(_topic: string, data: Uint8Array | null): bigint | null {
    return data === null ? null : sized(data, 8, 'LongDeserializer').readBigInt64BE()
  }
}

/**
 * Eight bytes, IEEE 754, big-endian.
 *
 * @example
 * ```ts
 * new DoubleDeserializer().deserialize('delays', Buffer.of(0x3f, 0xf8, 0, 0, 0, 0, 0, 0)) // 1.5
 * ```
 */
export class DoubleDeserializer implements Deserializer<number> {
  deserialize(_topic: string, data: Uint8Array | null): number | null {
    return data === null ? null : sized(data, 8, 'DoubleDeserializer').readDoubleBE()
  }
}

/**
 * The bytes as they are.
 *
 * @example
 * ```ts
 * new ByteArrayDeserializer().deserialize('flights', null) // null
 * ```
 */
export class ByteArrayDeserializer implements Deserializer<Uint8Array> {
  deserialize(_topic: string, data: Uint8Array | null): Uint8Array | null {
    return data
  }
}

/**
 * A UUID as text, checked, in lower case.
 *
 * @example
 * ```ts
 * const uuid = Buffer.from('123E4567-E89B-12D3-A456-426614174000')
 * new UUIDDeserializer().deserialize('flights', uuid) // '123e4567-e89b-12d3-a456-426614174000'
 * ```
 */
export class UUIDDeserializer implements Deserializer<string> {
  deserialize(_topic: string, data: Uint8Array | null): string | null {
    if (data === null) return null
    const text = toBuffer(data).toString('utf8')
    if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text.toLowerCase()
    throw new TypeError('Error parsing data into UUID')
  }
}

const toBuffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

const sized = (data: Uint8Array, size: number, name: string): Buffer => {
  if (data.length === size) return toBuffer(data)
  throw new TypeError(`Size of data received by ${name} is not ${size}`)
}
