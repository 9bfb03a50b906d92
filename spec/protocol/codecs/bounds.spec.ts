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

  /** A frame of 64 KiB blocks with one of three raw bytes; `flags` add fields to its head, behind its blocks and behind itself. */
  const frameWith = (flags: number, inHead: number, behindBlock: number, atEnd: number) =>
    Buffer.concat([
      Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40 | flags, 0x40]),
      Buffer.alloc(inHead + 1, 0xff),
      Buffer.from([3, 0, 0, 0x80, 1, 2, 3]),
      Buffer.alloc(behindBlock, 0xff),
      Buffer.alloc(4),
      Buffer.alloc(atEnd, 0xff),
    ])

  it.each<[string, Buffer]>([
    ['nothing', frameWith(0, 0, 0, 0)],
    ['the size of its content', frameWith(0x08, 8, 0, 0)],
    ['the id of a dictionary', frameWith(0x01, 4, 0, 0)],
    ['checksums of its blocks', frameWith(0x10, 0, 4, 0)],
    ['a checksum of its content', frameWith(0x04, 0, 0, 4)],
    ['all of them', frameWith(0x1d, 12, 4, 4)],
  ])('should find the blocks of a frame that has %s, and of one behind it', (_, frame) => {
    expect(lz4Bound(frame)).toBe(3)
    expect(lz4Bound(Buffer.concat([frame, frameWith(0, 0, 0, 0)]))).toBe(6)
  })

  it.each<[string, string, string]>([
    ['begins with another magic number', '05224d1860400000000000', 'no LZ4 frame'],
    ['is of another version', '04224d1820400000000000', 'unknown version'],
    ['has blocks of a size that is not defined', '04224d1860300000000000', 'unknown version'],
  ])('should refuse what %s', (_, hex, message) => {
    expect(() => lz4Bound(Buffer.from(hex, 'hex'))).toThrow(message)
  })
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
    ['an empty block as nothing', frameOf([RAW, 0]), 0],
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

  // The descriptor, and how many bytes stand between it and the blocks, and behind them. 0xff there would be no block.
  it.each([
    ['no dictionary', 0x00, 1, 0],
    ['a dictionary of one byte', 0x01, 2, 0],
    ['a dictionary of two bytes', 0x02, 3, 0],
    ['a dictionary of four bytes', 0x03, 5, 0],
    ['a checksum', 0x04, 1, 4],
    ['the bit that is not used', 0x10, 1, 0],
  ])('should find the blocks of a frame that has %s, and its end', (_, descriptor, before, after) => {
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor]),
      Buffer.alloc(before, 0xff),
      frameOf([RAW, 5]).subarray(6),
      Buffer.alloc(after, 0xff),
    ])
    expect(zstdBound(frame)).toBe(5)
    expect(zstdBound(Buffer.concat([frame, frameOf([RAW, 7])]))).toBe(12)
    expect(() => zstdBound(frame.subarray(0, -1))).toThrow('ends beyond the batch')
  })

  it.each<[string, Buffer, string]>([
    ['begins with another magic number', Buffer.from('29b52ffd0000010000', 'hex'), 'no Zstandard frame'],
    ['has a block of the reserved type', frameOf([3, 5]), 'unknown type'],
  ])('should refuse what %s', (_, frame, message) => {
    expect(() => zstdBound(frame)).toThrow(message)
  })
})
