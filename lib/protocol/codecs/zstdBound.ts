/**
 * The most bytes that Zstandard frames can become, from the heads of their blocks alone (RFC 8878, section 3.1). Exact but for
 * the last block of a writer that fills its blocks; what a frame says of its content must not be more.
 *
 *   magic => 28 b5 2f fd               or 5x 2a 4d 18, a frame to skip: its length => UINT32 LE follows
 *   descriptor => UINT8
 *     bits 6-7  size of contentSize    0, 2, 4, 8 bytes; 0 means 1 in a single segment
 *     bit 5     single segment         no window
 *     bit 2     checksum is there
 *     bits 0-1  size of dictionaryId   0, 1, 2, 4 bytes
 *   window => UINT8, dictionaryId, contentSize LE
 *   blocks => [block]
 *     head => UINT24 LE                bit 0: the last one; bits 1-2: raw, RLE, compressed; then the length
 *     bytes                            one, of a block of RLE
 *   checksum => UINT32
 *
 * @throws when the frames are cut, or promise what their blocks cannot hold, or are not frames at all
 */
export const zstdBound = (bytes: Buffer): number => {
  let bound = 0
  for (let at = 0; at < bytes.length;) {
    const magic = bytes.readUInt32LE(at)
    if ((magic & SKIPPABLE_MASK) === SKIPPABLE) {
      at += 8 + bytes.readUInt32LE(at + 4)
      continue
    }
    if (magic !== MAGIC) throw new RangeError('no Zstandard frame')
    const descriptor = bytes.readUInt8(at + 4)
    const singleSegment = (descriptor & SINGLE_SEGMENT) !== 0
    const contentSizeAt = at + 5 + (singleSegment ? 0 : 1) + dictionaryIdSizes[descriptor & 0x03]!
    const contentSizeSize = descriptor >> 6 === 0 && singleSegment ? 1 : contentSizeSizes[descriptor >> 6]!
    const contentSize = readContentSize(bytes, contentSizeAt, contentSizeSize)

    let ofFrame = 0
    at = contentSizeAt + contentSizeSize
    for (let last = false; !last;) {
      const head = bytes.readUIntLE(at, 3)
      const type = (head >> 1) & 0x03
      const size = head >> 3
      last = (head & 1) === 1
      if (type === RESERVED) throw new RangeError('a Zstandard block of an unknown type')
      ofFrame += type === COMPRESSED ? MAX_BLOCK : size
      at += 3 + (type === RLE ? 1 : size)
    }
    at += (descriptor & CHECKSUM) === 0 ? 0 : 4
    if (at > bytes.length) throw new RangeError('a Zstandard frame ends beyond the batch')
    if (contentSize > ofFrame) throw new RangeError('a Zstandard frame promises more than its blocks can hold')
    bound += ofFrame
  }
  return bound
}

const readContentSize = (bytes: Buffer, at: number, size: number): number => {
  if (size === 0) return 0
  if (size === 8) return Number(bytes.readBigUInt64LE(at))
  return bytes.readUIntLE(at, size) + (size === 2 ? 256 : 0)
}

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
const SKIPPABLE_MASK = ~0x0f
const SINGLE_SEGMENT = 0x20
const CHECKSUM = 0x04
const RLE = 1
const COMPRESSED = 2
const RESERVED = 3
const MAX_BLOCK = 128 * 1024

const dictionaryIdSizes = [0, 1, 2, 4]
const contentSizeSizes = [0, 2, 4, 8]
