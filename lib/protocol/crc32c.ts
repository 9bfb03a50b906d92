import { crc32cBlocks } from './crc32cBlocks.js'
import { crc32cTables } from './crc32cTables.js'

/**
 * CRC-32C (Castagnoli), the checksum of a record batch; `zlib.crc32` is another polynomial.
 *
 * Slicing-by-16 (Kounavis and Berry): sixteen tables, so that sixteen bytes cost sixteen independent look-ups instead of
 * sixteen dependent steps. Longer input goes through the same loop in WebAssembly, about twice as fast, where there is any.
 *
 * @returns an unsigned 32-bit integer
 */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  let crc = -1
  let at = start
  if (crc32cBlocks !== undefined && end - start >= WORTH_COPYING) {
    const blocksEnd = end - ((end - start) % 16)
    crc = crc32cBlocks(crc, bytes, start, blocksEnd)
    at = blocksEnd
  }
  return ~crc32cBytes(crc, bytes, at, end) >>> 0
}

/** Bytes from which on the call into WebAssembly pays. */
const WORTH_COPYING = 256

const crc32cBytes = (initial: number, bytes: Uint8Array, start: number, end: number): number => {
  const t = crc32cTables
  let crc = initial
  let i = start
  for (const last = end - 16; i <= last; i += 16) {
    crc =
      t[0xf00 | ((crc ^ bytes[i]!) & 0xff)]! ^
      t[0xe00 | (((crc >>> 8) ^ bytes[i + 1]!) & 0xff)]! ^
      t[0xd00 | (((crc >>> 16) ^ bytes[i + 2]!) & 0xff)]! ^
      t[0xc00 | ((crc >>> 24) ^ bytes[i + 3]!)]! ^
      t[0xb00 | bytes[i + 4]!]! ^
      t[0xa00 | bytes[i + 5]!]! ^
      t[0x900 | bytes[i + 6]!]! ^
      t[0x800 | bytes[i + 7]!]! ^
      t[0x700 | bytes[i + 8]!]! ^
      t[0x600 | bytes[i + 9]!]! ^
      t[0x500 | bytes[i + 10]!]! ^
      t[0x400 | bytes[i + 11]!]! ^
      t[0x300 | bytes[i + 12]!]! ^
      t[0x200 | bytes[i + 13]!]! ^
      t[0x100 | bytes[i + 14]!]! ^
      t[bytes[i + 15]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!
  return crc
}
