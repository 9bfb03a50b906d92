import { describe, expect, it } from '@jest/globals'
import { lz4Bound } from '../../../lib/protocol/codecs/lz4Bound.js'
import { zstdBound } from '../../../lib/protocol/codecs/zstdBound.js'

const KiB = 1024

describe('lz4Bound', () => {
  it.each([
    [4, '64 KiB', 64 * KiB],
    [5, '256 KiB', 256 * KiB],
    [6, '1 MiB', 1024 * KiB],
    [7, '4 MiB', 4 * 1024 * KiB],
  ])(
    'should count a block of size %d as %s, and what it cannot hold or does not compress as what it is',
    (code, _, most) => {
      const block = (size: number, compressed: boolean): Buffer => {
        const bytes = Buffer.alloc(4 + size)
        bytes.writeUInt32LE((size | (compressed ? 0 : 0x8000_0000)) >>> 0)
        return bytes
      }
      const frame = (...blocks: Buffer[]) =>
        Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, code << 4, 0]), ...blocks, Buffer.alloc(4)])
      expect(lz4Bound(frame())).toBe(0)
      expect(lz4Bound(frame(block(50_000, true), block(50_000, true)))).toBe(2 * most)
      expect(lz4Bound(frame(block(10, true), block(50_000, false)))).toBe(10 * 255 + 50_000)
    },
  )
})

describe('zstdBound', () => {
  /** A frame without a size of its content, of these blocks. */
  const frameOf = (...blocks: readonly (readonly [kind: number, size: number])[]) => {
    const heads = blocks.map(([kind, size], index) => {
      const block = Buffer.alloc(3 + (kind === RLE ? 1 : size))
      block.writeUIntLE((size << 3) | (kind << 1) | Number(index === blocks.length - 1), 0, 3)
      return block
    })
    return Buffer.concat([Buffer.from('28b52ffd0000', 'hex'), ...heads])
  }
  const [RAW, RLE, COMPRESSED] = [0, 1, 2]

  it.each<[string, Buffer, number]>([
    ['what is not compressed as it is', frameOf([RAW, 5]), 5],
    ['one byte many times as so many', frameOf([RLE, 1000]), 1000],
    ['what is compressed as a whole block', frameOf([COMPRESSED, 9]), 128 * KiB],
    ['all blocks', frameOf([COMPRESSED, 9], [RAW, 5], [RLE, 1000]), 128 * KiB + 1005],
  ])('should count %s', (_, frame, bytes) => {
    expect(zstdBound(frame)).toBe(bytes)
  })

  // Single segment: no window, and the size of the content behind the descriptor.
  it.each([
    [1, '20', 5],
    [2, '60', 300],
    [4, 'a0', 300],
    [8, 'e0', 300],
  ])('should hold a size of content of %d bytes against what the blocks can hold', (bytes, descriptor, most) => {
    const frame = (contentSize: number): Buffer => {
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(bytes === 2 ? contentSize - 256 : contentSize))
      return Buffer.concat([
        Buffer.from(`28b52ffd${descriptor}`, 'hex'),
        size.subarray(0, bytes),
        frameOf([RLE, most]).subarray(6),
      ])
    }
    expect(zstdBound(frame(most))).toBe(most)
    expect(() => zstdBound(frame(most + 1))).toThrow('promises more')
  })

  it('should count frames one after the other, and not those to skip', () => {
    const skipped = Buffer.from('532a4d1803000000616263', 'hex')
    expect(zstdBound(skipped)).toBe(0)
    expect(zstdBound(Buffer.concat([frameOf([RAW, 5]), skipped, frameOf([RAW, 7])]))).toBe(12)
  })
})
