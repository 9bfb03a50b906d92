import { describe, expect, it } from '@jest/globals'
import type { DeserializerClass } from '../../../lib/client/schema/Deserializer.js'
import {
  ByteArrayDeserializer,
  DoubleDeserializer,
  IntegerDeserializer,
  LongDeserializer,
  StringDeserializer,
  UUIDDeserializer,
} from '../../../lib/client/schema/kafkaDeserializers.js'

const uuid = '6a8a319f-0c1d-4b6e-9f3a-0123456789ab'

/** Bytes as Kafka's serializers of these types write them. */
const rows: readonly (readonly [DeserializerClass<unknown>, hex: string, value: unknown])[] = [
  [StringDeserializer, '4fc3bc6c', 'Oül'],
  [StringDeserializer, '', ''],
  [IntegerDeserializer, '80000000', -2_147_483_648],
  [IntegerDeserializer, '0000002a', 42],
  [LongDeserializer, '7fffffffffffffff', 9_223_372_036_854_775_807n],
  [LongDeserializer, 'ffffffffffffffff', -1n],
  [DoubleDeserializer, '3ff8000000000000', 1.5],
  [DoubleDeserializer, '7ff0000000000000', Infinity],
  [ByteArrayDeserializer, '00ff', Buffer.from([0, 255])],
  [UUIDDeserializer, Buffer.from(uuid.toUpperCase()).toString('hex'), uuid],
]

const faults: readonly (readonly [DeserializerClass<unknown>, hex: string, message: string])[] = [
  [IntegerDeserializer, '00002a', 'Size of data received by IntegerDeserializer is not 4'],
  [LongDeserializer, '0000002a', 'Size of data received by LongDeserializer is not 8'],
  [DoubleDeserializer, '', 'Size of data received by DoubleDeserializer is not 8'],
  [UUIDDeserializer, '6a8a', 'Error parsing data into UUID'],
]

describe('Kafka’s deserializers', () => {
  it.each(rows)('should read with %p: %s', (Deserializer, hex, value) => {
    expect(new Deserializer().deserialize('t', Buffer.from(hex, 'hex'))).toEqual(value)
  })

  it.each(faults)('should refuse with %p: %s', (Deserializer, hex, message) => {
    expect(() => new Deserializer().deserialize('t', Buffer.from(hex, 'hex'))).toThrow(message)
  })

  it.each([...new Set(rows.map(([Deserializer]) => Deserializer))])(
    'should read null as null with %p',
    (Deserializer) => {
      expect(new Deserializer().deserialize('t', null)).toBeNull()
    },
  )
})
