import { randomBytes } from 'node:crypto'
import { types as utilTypes } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import type { CompressionType } from '../../../lib/client/KafkaConfig.js'
import { lz4Codec, type Lz4Package } from '../../../lib/protocol/codecs/lz4.js'
import { lz4Bound } from '../../../lib/protocol/codecs/lz4Bound.js'
import { type NodeZstd, nodeZstdCodec } from '../../../lib/protocol/codecs/zstd.js'
import { zstdBound } from '../../../lib/protocol/codecs/zstdBound.js'
import { compressionCodec } from '../../../lib/protocol/compression.js'
import { javaCodecs } from '../fixtures/javaCodecs.js'

const types = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const MiB = 1024 * 1024
const limit = 8 * MiB

/** Some that compress and some that do not, across the sizes of blocks. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 300_000 }))
    .map(([bytes, length]) => Buffer.alloc(length, bytes)),
  fc.integer({ min: 1, max: 300_000 }).map((length) => randomBytes(length)),
)

/** Growth of memory outside the heap, where buffers and native packages allocate. */
const grownBy = (act: () => void): number => {
  const before = process.memoryUsage()
  act()
  const after = process.memoryUsage()
  return after.rss - before.rss
}

describe.each(types)('%s', (type: CompressionType) => {
  const codec = compressionCodec(type)

  it('should give back what it was given', () => {
    fc.assert(
      fc.property(content, (bytes) => codec.decompress(codec.compress(bytes), limit).equals(bytes)),
      { numRuns: 60 },
    )
  })

  it('should become as large as the limit, but not larger', () => {
    const compressed = codec.compress(Buffer.alloc(4 * MiB, 'ab'))
    expect(codec.decompress(compressed, 4 * MiB + tolerance)).toHaveLength(4 * MiB)
    expect(() => codec.decompress(compressed, 4 * MiB - 1)).toThrow()
  })

  it('should not allocate what it refuses', () => {
    const compressed = codec.compress(Buffer.alloc(200 * MiB))
    expect(grownBy(() => expect(() => codec.decompress(compressed, MiB)).toThrow())).toBeLessThan(50 * MiB)
  }, 30_000)

  // xerial's framing has no end: cut between two blocks it is a shorter one, and the batch finds its records missing.
  it('should fail on bytes that were cut, or give fewer', () => {
    const whole = Buffer.concat([randomBytes(500), Buffer.alloc(100_000, 'ab')])
    const compressed = codec.compress(whole)
    for (let length = 0; length < compressed.length; length += 7) {
      const size = sizeOrError(() => codec.decompress(compressed.subarray(0, length), limit))
      if (type === 'snappy' && typeof size === 'number') expect(size).toBeLessThan(whole.length)
      else expect(size).toBe('error')
    }
  })

  it('should throw an error or give bytes within the limit, whatever is wrong', () => {
    const compressed = codec.compress(Buffer.concat([randomBytes(200), Buffer.alloc(1000, 'abc')]))
    const damage = fc.array(fc.tuple(fc.nat(compressed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(damage, (places) => {
        const bytes = Buffer.from(compressed)
        for (const [at, byte] of places) bytes[at] = byte
        expect(boundedOrError(() => codec.decompress(bytes, MiB))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('should throw an error or give bytes within the limit, whatever it is given', () => {
    const magic = codec.compress(Buffer.from('a')).subarray(0, 6)
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 200 }), (framed, bytes) => {
        const any = Buffer.concat([framed ? magic : Buffer.alloc(0), bytes])
        expect(boundedOrError(() => codec.decompress(any, MiB))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Blocks of LZ4 and Zstandard do not tell what the last of them holds: up to 4 MiB, up to 128 KiB. */
const tolerance = 4 * MiB

const sizeOrError = (act: () => Buffer): number | 'error' => {
  try {
    return act().length
  } catch (error) {
    if (utilTypes.isNativeError(error)) return 'error'
    throw error
  }
}

const boundedOrError = (act: () => Buffer): boolean => {
  const size = sizeOrError(act)
  return size === 'error' || size <= MiB
}

describe('levels', () => {
  const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `flight ${(i * i * 7919) % 99_991} departs`).join())

  it.each([
    ['gzip', 1, 9],
    ['zstd', -50, 19],
  ] as const)('should make %s smaller', (type, low, high) => {
    const codec = compressionCodec(type)
    const [fast, usual, small] = [low, undefined, high].map((level) => codec.compress(text, level))
    expect(fast!.length).toBeGreaterThan(usual!.length)
    expect(usual!.length).toBeGreaterThan(small!.length)
    for (const bytes of [fast!, usual!, small!]) expect(codec.decompress(bytes, limit).equals(text)).toBe(true)
  })
})

describe('snappy', () => {
  const codec = compressionCodec('snappy')
  const header = codec.compress(Buffer.alloc(0))

  it('should read one raw block, as librdkafka writes', () => {
    const bytes = Buffer.alloc(100_000, 'flight ')
    expect(codec.decompress(snappy.compressSync(bytes), limit).equals(bytes)).toBe(true)
  })

  it.each([
    ['a raw block', Buffer.from('ffffffff0f61', 'hex')],
    ['a framed block', Buffer.concat([header, Buffer.from('00000006ffffffff0f61', 'hex')])],
  ])('should not believe %s that promises 4 GiB', (_, bytes) => {
    expect(() => codec.decompress(bytes, 2 ** 40)).toThrow('promises more than it can hold')
  })

  it('should not read a size of more than 5 bytes, as the format has none', () => {
    // 1 byte of content, "a", by a size that is longer than it has to be.
    const block = (size: string) => Buffer.from(`${size}0061`, 'hex')
    expect(codec.decompress(block('01'), limit).toString()).toBe('a')
    expect(codec.decompress(block('8180808000'), limit).toString()).toBe('a')
    expect(() => codec.decompress(block('818080808000'), limit)).toThrow('promises more than it can hold')
  })

  it.each(['7fffffff', 'ffffffff', '00000000', '0000'])('should refuse a block of length %s', (length) => {
    const bytes = Buffer.concat([header, Buffer.from(`${length}0100`, 'hex')])
    expect(() => codec.decompress(bytes, limit)).toThrow('ends beyond the batch')
  })
})

describe('lz4', () => {
  const codec = compressionCodec('lz4')
  const content = Buffer.alloc(1_000_000, 'flight ')

  it('should refuse a package from before it knew frames', () => {
    const old = { compressSync: () => content, uncompressSync: () => content } as unknown as Lz4Package
    const unsupported = expect.objectContaining({
      _tag: 'Unsupported',
      message: expect.stringContaining('npm install'),
    })
    expect(() => lz4Codec(old)).toThrow(unsupported)
  })

  it('should write blocks that do not depend on each other, and no checksums', () => {
    expect(codec.compress(content)[4]).toBe(0x60)
  })

  it('should check the checksum of the content where there is one', () => {
    const compressed = lz4.compressFrameSync(content, { contentChecksum: true, blockChecksums: true })
    expect(codec.decompress(compressed, limit).equals(content)).toBe(true)
    compressed.writeUInt32LE(~compressed.readUInt32LE(compressed.length - 4) >>> 0, compressed.length - 4)
    expect(() => codec.decompress(compressed, limit)).toThrow()
  })

  it('should count frames one after the other', () => {
    const frame = codec.compress(content)
    expect(lz4Bound(Buffer.concat([frame, frame]))).toBe(2 * lz4Bound(frame))
  })

  it('should never count less than there is', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 300_000 })),
        fc.boolean(),
        ([bytes, length], checksums) => {
          const options = { contentChecksum: checksums, blockChecksums: checksums }
          const frame = lz4.compressFrameSync(Buffer.alloc(length, bytes), options)
          expect(lz4Bound(frame)).toBeGreaterThanOrEqual(length)
        },
      ),
    )
  })
})

describe('zstd', () => {
  const codec = compressionCodec('zstd')
  const content = Buffer.alloc(1_000_000, 'flight ')

  it('should count what blocks can hold, of frames one after the other and not of those to skip', () => {
    const frame = codec.compress(content)
    const skipped = Buffer.from('532a4d1803000000616263', 'hex')
    expect(zstdBound(Buffer.concat([frame, skipped, frame]))).toBe(2 * zstdBound(frame))
    expect(zstdBound(frame)).toBeGreaterThanOrEqual(content.length)
    expect(zstdBound(frame)).toBeLessThan(content.length + 128 * 1024)
  })

  it('should not believe a frame that promises 1 EiB', () => {
    // single segment, 8 bytes of content size, one raw block of one byte
    const bytes = Buffer.from('28b52ffd' + 'e0' + '0000000000000010' + '090000' + '61', 'hex')
    expect(() => codec.decompress(bytes, Infinity)).toThrow('promises more than its blocks can hold')
  })

  it('should be what Node has, where Node has it', () => {
    const calls: unknown[] = []
    const node: NodeZstd = {
      zstdCompressSync: (bytes, options) => (calls.push(options), codec.compress(bytes)),
      zstdDecompressSync: (bytes, options) => (calls.push(options), codec.decompress(bytes, limit)),
    }
    const ofNode = nodeZstdCodec(node)!
    expect(ofNode.decompress(ofNode.compress(content, 7), limit).equals(content)).toBe(true)
    expect(calls).toEqual([{ params: { 100: 7 } }, { maxOutputLength: limit }])
    expect(nodeZstdCodec({})).toBeUndefined()
  })
})

describe('batches of the Java client', () => {
  it.each(types)('should not be read wrong when a byte of %s is', (type) => {
    const codec = compressionCodec(type)
    const bytes = javaCodecs[type].subarray(61)
    for (let at = 0; at < bytes.length; at += 3) {
      const damaged = Buffer.from(bytes)
      damaged[at] = damaged[at]! ^ 0xff
      expect(boundedOrError(() => codec.decompress(damaged, MiB))).toBe(true)
    }
  })
})
