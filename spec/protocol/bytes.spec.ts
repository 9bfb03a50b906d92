import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isKafkaError } from '../../lib/client/KafkaError.js'
import { ByteReader } from '../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../lib/protocol/ByteWriter.js'

const reader = (...bytes: number[]): ByteReader => new ByteReader(Buffer.from(bytes), 'A test')

const corrupt = (read: () => unknown): boolean => {
  try {
    read()
    return false
  } catch (error) {
    return isKafkaError(error) && error._tag === 'Corrupt' && error.message.startsWith('A test ')
  }
}

describe('ByteWriter', () => {
  it('should write a string that may be missing in both of its forms', () => {
    const plain = (value: string | null) => [...new ByteWriter(1).writeNullableString(value).toBuffer()]
    const compact = (value: string | null) => [...new ByteWriter(1).writeCompactNullableString(value).toBuffer()]
    expect([plain(null), plain(''), plain('é')]).toEqual([
      [0xff, 0xff],
      [0, 0],
      [0, 2, 0xc3, 0xa9],
    ])
    expect([compact(null), compact(''), compact('é')]).toEqual([[0], [1], [3, 0xc3, 0xa9]])
  })

  it('should have room for what is much longer than all before', () => {
    const text = 'a'.repeat(1000)
    const bytes = new ByteWriter(1).writeInt8(1).writeString(text).writeInt8(2).toBuffer()
    expect(bytes.toString('latin1')).toBe(`\x01\x03\xe8${text}\x02`)
  })

  it('should write what the protocol guide describes', () => {
    const bytes = new ByteWriter(1)
      .writeInt8(-1)
      .writeBoolean(true)
      .writeInt16(258)
      .writeInt32(-2)
      .writeInt64(-1)
      .writeInt64(2 ** 40 + 1)
      .writeBigInt64(-(2n ** 63n))
      .writeUnsignedVarint(300)
      .writeVarint(-1)
      .writeString('é')
      .writeNullableString(null)
      .writeCompactString('a')
      .writeBytes(Buffer.from([9]))
      .writeArray([1, 2], (writer, item) => writer.writeInt8(item))
      .writeCompactArray([3], (writer, item) => writer.writeInt8(item))
      .writeNoTaggedFields()
      .toBuffer()
    expect(bytes.toString('hex')).toBe(
      [
        'ff', '01', '0102', 'fffffffe', 'ffffffffffffffff', '0000010000000001', '8000000000000000', 'ac02', '01',
        '0002c3a9', 'ffff', '0261', '0000000109', '000000020102', '0203', '00',
      ].join(''),
    ) // prettier-ignore
  })
})

describe('ByteReader', () => {
  it('should read what ByteWriter writes', () => {
    const safe = fc.maxSafeInteger()
    const fields = fc.tuple(
      safe,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer(),
      fc.string(),
      fc.nat(),
    )
    fc.assert(
      fc.property(fields, fc.array(fc.option(fc.string())), ([long, big, int, text, nat], strings) => {
        const bytes = new ByteWriter(2)
          .writeInt64(long)
          .writeBigInt64(big)
          .writeVarint(int)
          .writeInt32(int)
          .writeString(text)
          .writeCompactString(text)
          .writeUnsignedVarint(nat)
          .writeArray(strings, (writer, item) => writer.writeNullableString(item))
          .toBuffer()
        const read = new ByteReader(bytes, 'A test')
        expect(read.readInt64()).toBe(long)
        expect(read.readBigInt64()).toBe(big)
        expect(read.readVarint()).toBe(int)
        expect(read.readInt32()).toBe(int)
        expect(read.readString()).toBe(text)
        expect(read.readCompactString()).toBe(text)
        expect(read.readUnsignedVarint()).toBe(nat)
        expect(read.readArray(() => read.readNullableString())).toEqual(strings)
        expect(read.remaining).toBe(0)
      }),
    )
  })

  it.each<[string, (read: ByteReader) => unknown, number[]]>([
    ['an integer that is cut off', (read) => read.readInt32(), [0, 0, 0]],
    ['an int64 beyond 2^53', (read) => read.readInt64(), [0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['an int64 below -2^53', (read) => read.readInt64(), [0xff, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a varint that does not end', (read) => read.readUnsignedVarint(), [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a string longer than the bytes', (read) => read.readString(), [0x7f, 0xff, 0x61]],
    ['a string of negative length', (read) => read.readNullableString(), [0xff, 0xfe]],
    ['null where none may be', (read) => read.readString(), [0xff, 0xff]],
    ['bytes longer than the bytes', (read) => read.readBytes(), [0x7f, 0xff, 0xff, 0xff]],
    ['bytes of negative length', (read) => read.readBytes(), [0x80, 0, 0, 0]],
    ['more elements than bytes', (read) => read.readArray(() => read.readInt8()), [0x7f, 0xff, 0xff, 0xff, 1]],
    [
      'more compact elements than bytes',
      (read) => read.readCompactArray(() => read.readInt8()),
      [0xff, 0xff, 0xff, 0x7f],
    ],
  ])('should refuse %s', (_, read, bytes) => {
    expect(corrupt(() => read(reader(...bytes)))).toBe(true)
  })

  it('should tell null from empty', () => {
    const plain = [reader(0xff, 0xff), reader(0, 0), reader(0, 1, 0x61)]
    expect(plain.map((read) => read.readNullableString())).toEqual([null, '', 'a'])
    const compact = [reader(0), reader(1), reader(2, 0x61)]
    expect(compact.map((read) => read.readCompactNullableString())).toEqual([null, '', 'a'])
    expect(() => reader(0).readCompactString()).toThrow('holds a null before byte 1 where none may be')
    expect(() => reader(0xff, 0xff).readString()).toThrow('holds a null before byte 2 where none may be')
  })

  it('should read bytes that are missing as none, and go on behind them', () => {
    const read = reader(0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0, 1, 9, 8)
    expect([read.readBytes().length, read.readInt8()]).toEqual([0, 7])
    expect([[...read.readBytes()], read.readInt8()]).toEqual([[9], 8])
  })

  it('should take the largest safe integers', () => {
    expect(reader(0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).readInt64()).toBe(Number.MAX_SAFE_INTEGER)
    expect(reader(0xff, 0xe0, 0, 0, 0, 0, 0, 1).readInt64()).toBe(Number.MIN_SAFE_INTEGER)
  })

  it('should skip tagged fields', () => {
    const read = reader(2, 0, 1, 0xaa, 5, 2, 0xbb, 0xcc, 7)
    read.skipTaggedFields()
    expect(read.readInt8()).toBe(7)
  })
})
