import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { crc32c } from '../../lib/protocol/crc32c.js'

/** Bit by bit, from the polynomial alone. */
const slowly = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('crc32c', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 0],
    ['the check value of the catalogue', Buffer.from('123456789'), 0xe3069283],
    ['32 zero bytes (RFC 3720, B.4)', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones (RFC 3720, B.4)', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31 (RFC 3720, B.4)', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ])('should give the published value for %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  it('should be what the polynomial says, however much it is at once', () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3))
    for (const length of [255, 256, 257, 271, 272, 114_687, 114_688, 114_689, 230_000, 300_000 - 3]) {
      expect(crc32c(bytes, 3, 3 + length)).toBe(slowly(bytes.subarray(3, 3 + length)))
    }
  })

  it('should be what the polynomial says, for any part of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000, size: 'max' }), fc.nat(40), fc.nat(40), (bytes, before, after) => {
        const framed = Buffer.concat([Buffer.alloc(before, 1), bytes, Buffer.alloc(after, 2)])
        expect(crc32c(framed, before, before + bytes.length)).toBe(slowly(bytes))
      }),
    )
  })
})
