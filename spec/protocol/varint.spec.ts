import { describe, expect, it } from '@jest/globals'
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../../lib/protocol/varint.js'

/** The rule, slowly: zigzag, then seven bits a byte, lowest first, with the highest bit set in all but the last. */
const expected = (value: number): string => {
  const bytes: number[] = []
  let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)]).toString('hex')
}

/** The last value of each size and the first of the next, to either side of zero. */
const edges = (sizes: number): readonly number[] =>
  Array.from({ length: sizes }, (_, size) => 2 ** (7 * (size + 1) - 1)).flatMap((edge) => [
    ...[edge - 1, edge, -edge, -edge - 1],
  ])

const written = (write: (buffer: Buffer, start: number, value: number) => number, value: number): string => {
  const buffer = Buffer.alloc(13, 0xee)
  const end = write(buffer, 2, value)
  expect([buffer[1], buffer[end]]).toEqual([0xee, 0xee])
  return buffer.toString('hex', 2, end)
}

describe('varint', () => {
  it.each([0, 1, -1, 0x7f, 2 ** 31 - 1, -(2 ** 31), ...edges(4)])(
    'should write %d in as few bytes as it takes',
    (value) => {
      expect(written(writeVarint, value)).toBe(expected(value))
      expect(varintSize(value)).toBe(expected(value).length / 2)
    },
  )

  it.each([0, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 52 - 1, -(2 ** 52), ...edges(7)])(
    'should write %d in as few bytes as it takes, also where it needs 64 bits',
    (value) => {
      expect(written(writeVarlong, value)).toBe(expected(value))
      expect(varlongSize(value)).toBe(expected(value).length / 2)
    },
  )
})
