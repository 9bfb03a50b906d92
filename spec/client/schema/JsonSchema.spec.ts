import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import * as t from 'io-ts'
import { JsonSchema } from '../../../lib/client/schema/JsonSchema.js'

const read = <T>(schema: JsonSchema<T>, bytes: Buffer): T => {
  const value = schema.deserialize(bytes)
  // The same from the middle of a buffer.
  const within = Buffer.concat([Buffer.from([0xe9, 0x22]), bytes, Buffer.from([0xe9])])
  expect(schema.deserializeFrom(within, 2, 2 + bytes.length)).toEqual(value)
  return value
}

describe('JsonSchema', () => {
  it('should read what a codec takes, and name every fault of what it does not', () => {
    const schema = new JsonSchema(t.type({ origin: t.string, delay: t.number }))
    expect(read(schema, Buffer.from('{"origin":"Köln","delay":3}'))).toEqual({ origin: 'Köln', delay: 3 })
    expect(() => schema.deserialize(Buffer.from('{"origin":1}'))).toThrow(/origin.*; .*delay/)
  })

  it('should pass over a byte order mark, and no other', () => {
    const schema = new JsonSchema()
    expect(read(schema, Buffer.from('\ufeff{"b":1}'))).toEqual({ b: 1 })
    expect(read(schema, Buffer.from('"\ufeff"'))).toBe('\ufeff')
    expect(() => schema.deserialize(Buffer.from('\ufeff\ufeff1'))).toThrow(SyntaxError)
  })

  it.each([
    ['Latin-1', '7b2261223a22e9227d', 'byte 6 of 9 is 0xe9'],
    ['a sequence that ends early', '22c3', 'byte 1 of 2 is 0xc3'],
    ['an overlong sequence', '22c0af22', 'byte 1 of 4 is 0xc0'],
    ['a surrogate', '22eda08022', 'byte 1 of 5 is 0xed'],
    ['a byte that is never one of UTF-8', '22efbfbdff22', 'byte 4 of 6 is 0xff'],
  ])('should refuse bytes that are not UTF-8: %s', (_, hex, where) => {
    const message = `JsonSchema cannot read bytes that are not UTF-8: ${where}.`
    const bytes = Buffer.from(hex, 'hex')
    expect(() => new JsonSchema().deserialize(bytes)).toThrow(new TypeError(message))
    expect(() => new JsonSchema().deserializeFrom(bytes, 0, bytes.length)).toThrow(new TypeError(message))
  })

  it('should read the character that stands for what could not be read', () => {
    expect(read(new JsonSchema(), Buffer.from('"a\ufffd"'))).toBe('a\ufffd')
  })

  it('should read any text, and refuse all else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(read(new JsonSchema(), Buffer.from(JSON.stringify(text)))).toBe(text)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const quoted = Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')])
        let expected: unknown
        try {
          expected = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(quoted))
        } catch {
          expect(() => new JsonSchema().deserialize(quoted)).toThrow()
          return
        }
        expect(read(new JsonSchema(), quoted)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('should refuse a null value, and what JSON has no text for', () => {
    const schema = new JsonSchema<unknown>()
    expect(() => schema.deserialize(null)).toThrow('JsonSchema cannot read a null value')
    expect(() => schema.serialize(undefined)).toThrow('JsonSchema cannot write undefined: JSON has no text for it.')
    expect(() => schema.serialize(() => 1)).toThrow('JsonSchema cannot write function')
    expect(() => schema.serialize(1n)).toThrow(TypeError)
    expect(schema.serialize(null)).toBe('null')
  })

  describe('integers beyond 2^53', () => {
    const large = new JsonSchema<unknown>(undefined, { largeIntegers: 'bigint' })

    it('should be rounded unless asked otherwise', () => {
      expect(read(new JsonSchema(), Buffer.from('{"n":9007199254740993}'))).toEqual({ n: 9_007_199_254_740_992 })
    })

    it.each<[string, unknown]>([
      ['9007199254740993', 9_007_199_254_740_993n],
      ['-9223372036854775808', -9_223_372_036_854_775_808n],
      ['{"n":9007199254740993,"m":9007199254740991}', { n: 9_007_199_254_740_993n, m: Number.MAX_SAFE_INTEGER }],
      ['[1234567890123456.5,1e300,-0,1234567890123456e3]', [1_234_567_890_123_456.5, 1e300, -0, 1.234567890123456e18]],
      ['{"9007199254740993":"9007199254740993"}', { '9007199254740993': '9007199254740993' }],
      ['["\\"9007199254740993",9007199254740993]', ['"9007199254740993', 9_007_199_254_740_993n]],
      ['["bigint0:5","\\u0062igint1:",18446744073709551615]', ['bigint0:5', 'bigint1:', 18_446_744_073_709_551_615n]],
    ])('should be bigint where that is asked for: %s', (text, value) => {
      expect(read(large, Buffer.from(text))).toEqual(value)
    })

    it('should be written as they are read', () => {
      const integer = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n }), fc.bigInt({ max: -(2n ** 53n) }))
      const text = fc.oneof(fc.string(), fc.constantFrom('bigint0:1', '"bigint0:1"', '\\', 'bigint1:'))
      const { value } = fc.letrec((tie) => ({
        value: fc.oneof({ depthSize: 'small' }, integer, text, tie('list'), tie('record')),
        list: fc.array(tie('value'), { maxLength: 4 }),
        record: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      }))
      fc.assert(fc.property(value, (any) => expect(large.deserialize(Buffer.from(large.serialize(any)))).toEqual(any)))
    })
  })
})
