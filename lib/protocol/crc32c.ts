/**
 * CRC-32C (Castagnoli), the checksum of a record batch; `zlib.crc32` is another polynomial.
 *
 * Slicing-by-16: sixteen tables, so that sixteen bytes cost sixteen independent look-ups instead of sixteen dependent steps.
 *
 * @returns an unsigned 32-bit integer
 */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  const t = tables
  let crc = -1
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
  return ~crc >>> 0
}

const reversedPolynomial = 0x82f63b78

/** Table k holds the checksum of a byte followed by k zero bytes. */
const tables = new Int32Array(16 * 256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? reversedPolynomial : 0)
  tables[byte] = crc
}
for (let i = 256; i < tables.length; i++) {
  const shorter = tables[i - 256]!
  tables[i] = (shorter >>> 8) ^ tables[shorter & 0xff]!
}
