/**
 * The most bytes that LZ4 frames can become, from the heads of their blocks alone: what the frame says of its content is not
 * believed. Exact but for the last block of a writer that fills its blocks, as all known ones do.
 *
 *   magic => 04 22 4d 18
 *   FLG => UINT8
 *     bits 6-7  version                1
 *     bit 4     blocks have a checksum
 *     bit 3     contentSize is there
 *     bit 2     contentChecksum is there
 *     bit 0     dictionaryId is there
 *   BD => UINT8                        bits 4-6: the most bytes of a block, 4: 64 KiB … 7: 4 MiB
 *   contentSize => UINT64 LE, dictionaryId => UINT32 LE
 *   headerChecksum => UINT8
 *   blocks => [block]
 *     length => UINT32 LE              0: the end; the highest bit: not compressed
 *     bytes, checksum => UINT32
 *   contentChecksum => UINT32
 *
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 *
 * @throws when the frames are cut, or not frames at all
 */
export const lz4Bound = (bytes: Buffer): number => {
  let bound = 0
  let at = 0
  do {
    if (bytes.readUInt32LE(at) !== MAGIC) throw new RangeError('no LZ4 frame')
    const flags = bytes.readUInt8(at + 4)
    const blockSize = blockSizes[(bytes.readUInt8(at + 5) >> 4) & 0x07]
    if (flags >> 6 !== VERSION || blockSize === undefined) throw new RangeError('an LZ4 frame of an unknown version')
    at += 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4)
    const checksumSize = (flags & BLOCK_CHECKSUM) === 0 ? 0 : 4
    for (let head = bytes.readUInt32LE(at); head !== 0; head = bytes.readUInt32LE(at)) {
      const size = head & ~NOT_COMPRESSED
      bound += head >>> 31 === 1 ? size : Math.min(blockSize, size * MAX_EXPANSION)
      at += 4 + size + checksumSize
    }
    at += 4 + ((flags & CONTENT_CHECKSUM) === 0 ? 0 : 4)
  } while (at < bytes.length)
  return bound
}

const MAGIC = 0x184d2204
const VERSION = 1
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const DICTIONARY_ID = 0x01
const NOT_COMPRESSED = 0x8000_0000
/** A byte of a match's length adds at most 255. */
const MAX_EXPANSION = 255

const KiB = 1024
/** By their code in BD. */
const blockSizes = [undefined, undefined, undefined, undefined, 64 * KiB, 256 * KiB, 1024 * KiB, 4096 * KiB]
