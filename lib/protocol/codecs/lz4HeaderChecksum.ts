/**
 * An LZ4 frame with the checksum that its header should have. Producers of format 0 counted the magic number in, which is wrong
 * (KAFKA-3160); Java passes over it in that format, and the package that we use does not.
 */
export const withHeaderChecksum = (frame: Buffer): Buffer => {
  const end = descriptorEnd(frame)
  if (end >= frame.length) return frame
  const copy = Buffer.from(frame)
  copy[end] = (xxh32(frame, MAGIC_SIZE, end) >>> 8) & 0xff
  return copy
}

const MAGIC_SIZE = 4
const CONTENT_SIZE = 0x08
const DICTIONARY_ID = 0x01

/** FLG, BD, and what FLG says that follows; see `lz4Bound`. */
const descriptorEnd = (frame: Buffer): number => {
  const flags = frame[MAGIC_SIZE] ?? 0
  return MAGIC_SIZE + 2 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4)
}

/** XXH32 without a seed, of fewer than 16 bytes (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). */
const xxh32 = (bytes: Buffer, start: number, end: number): number => {
  let hash = (PRIME5 + end - start) | 0
  let at = start
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(rotated(hash + Math.imul(bytes.readInt32LE(at), PRIME3), 17), PRIME4)
  }
  for (; at < end; at++) hash = Math.imul(rotated(hash + Math.imul(bytes[at]!, PRIME5), 11), PRIME1)
  hash = Math.imul(hash ^ (hash >>> 15), PRIME2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const rotated = (bits: number, by: number): number => (bits << by) | (bits >>> (32 - by))

const PRIME1 = 0x9e3779b1
const PRIME2 = 0x85ebca77
const PRIME3 = 0xc2b2ae3d
const PRIME4 = 0x27d4eb2f
const PRIME5 = 0x165667b1
