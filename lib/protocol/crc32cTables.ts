/** Sixteen tables of 256: entry `k << 8 | b` is the CRC-32C of the byte b followed by k zero bytes. */
export const crc32cTables = new Int32Array(16 * 256)

const reversedPolynomial = 0x82f63b78

for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? reversedPolynomial : 0)
  crc32cTables[byte] = crc
}
for (let i = 256; i < crc32cTables.length; i++) {
  const shorter = crc32cTables[i - 256]!
  crc32cTables[i] = (shorter >>> 8) ^ crc32cTables[shorter & 0xff]!
}
