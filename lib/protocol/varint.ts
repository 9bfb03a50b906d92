/*
 * VARINT and VARLONG as records have them: zigzag, seven bits a byte, lowest first. Each writer returns where the next byte goes.
 */

export const varintSize = (value: number): number => {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5
}

export const writeVarint = (buffer: Buffer, start: number, value: number): number => {
  let at = start
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  for (; zigzag > 0x7f; zigzag >>>= 7) buffer[at++] = (zigzag & 0x7f) | 0x80
  buffer[at++] = zigzag
  return at
}

const isInt32 = (value: number): boolean => (value | 0) === value

export const varlongSize = (value: number): number => {
  if (isInt32(value)) return varintSize(value)
  let size = 1
  for (let zigzag = zigzag64(value); zigzag > 0x7f; zigzag = Math.floor(zigzag / 128)) size++
  return size
}

export const writeVarlong = (buffer: Buffer, start: number, value: number): number => {
  if (isInt32(value)) return writeVarint(buffer, start, value)
  let at = start
  let zigzag = zigzag64(value)
  for (; zigzag > 0x7f; zigzag = Math.floor(zigzag / 128)) buffer[at++] = (zigzag % 128) | 0x80
  buffer[at++] = zigzag
  return at
}

/** Exact within ±2^52; a delta of two timestamps is far smaller. */
const zigzag64 = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
