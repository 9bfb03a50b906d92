import { type CompressionCodec, refuseMoreThan } from './CompressionCodec.js'

/** What we use of the package `snappy`: raw blocks. */
export interface SnappyPackage {
  compressSync(bytes: Buffer): Buffer
  uncompressSync(bytes: Buffer): Buffer | string
}

/**
 * Snappy in the framing of snappy-java (xerial), which Kafka's Java client writes:
 *
 *   magic => 82 'SNAPPY' 00
 *   version => INT32                   1
 *   compatibleVersion => INT32         1
 *   blocks => [block]                  to the end
 *     length => INT32
 *     a raw block of snappy, 32 KiB uncompressed
 *
 * librdkafka and others write one raw block instead. Java reads both by the magic, and so do we.
 */
export const snappyCodec = (snappy: SnappyPackage): CompressionCodec => ({
  compress: (bytes) => {
    const parts: Buffer[] = [xerialHeader]
    for (let at = 0; at < bytes.length; at += BLOCK_SIZE) {
      const block = snappy.compressSync(bytes.subarray(at, at + BLOCK_SIZE))
      parts.push(int32(block.length), block)
    }
    return Buffer.concat(parts)
  },
  decompress: (bytes, maxBytes) => {
    const blocks = isXerial(bytes) ? blocksOf(bytes) : [bytes]
    refuseMoreThan(
      maxBytes,
      blocks.reduce((sum, block) => sum + uncompressedSize(block), 0),
    )
    return Buffer.concat(blocks.map((block) => snappy.uncompressSync(block) as Buffer))
  },
})

const xerialHeader = Buffer.from('82534e41505059000000000100000001', 'hex')
const MAGIC_SIZE = 8
const BLOCK_SIZE = 32 * 1024

const isXerial = (bytes: Buffer): boolean =>
  bytes.length >= xerialHeader.length && bytes.compare(xerialHeader, 0, MAGIC_SIZE, 0, MAGIC_SIZE) === 0

const blocksOf = (bytes: Buffer): Buffer[] => {
  const blocks: Buffer[] = []
  for (let at = xerialHeader.length; at < bytes.length;) {
    const start = at + 4
    const end = start + (start <= bytes.length ? bytes.readInt32BE(at) : 0)
    if (end <= start || end > bytes.length) throw new RangeError('a snappy block ends beyond the batch')
    blocks.push(bytes.subarray(start, end))
    at = end
  }
  return blocks
}

/** The VARINT that a raw block begins with, if its bytes can keep what it promises. */
const uncompressedSize = (block: Buffer): number => {
  let size = 0
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = block[i]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (size > block.length * MAX_EXPANSION) break
    return size
  }
  throw new RangeError('a snappy block promises more than it can hold')
}

const MAX_VARINT_BYTES = 5

/** A copy of 64 bytes takes 3: the most that snappy can make of a byte. */
const MAX_EXPANSION = 22

const int32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}
