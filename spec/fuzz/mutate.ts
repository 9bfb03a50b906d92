type Random = (n: number) => number
type Mutation = (input: Buffer, random: Random, other: Buffer) => Buffer

/** A few small damages to an input, or parts of two inputs put together. */
export const mutate = (input: Buffer, other: Buffer, random: Random, maxLength: number): Buffer => {
  let bytes = input
  for (let left = 1 << random(4); left > 0; left--) {
    bytes = mutations[random(mutations.length)]!(bytes, random, other)
  }
  return bytes.subarray(0, maxLength)
}

const changed = (input: Buffer, change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(input)
  if (bytes.length > 0) change(bytes)
  return bytes
}

const insert = (input: Buffer, at: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, at), bytes, input.subarray(at)])

const piece = (bytes: Buffer, random: Random): Buffer => {
  const start = random(bytes.length + 1)
  return bytes.subarray(start, start + 1 + random(random(4) === 0 ? 200 : 12))
}

/** Sizes at which lengths, counts and varints turn over. */
const NUMBERS = [0, 1, -1, 2, -2, 63, 64, 127, 128, 255, 256, 0x7fff, -0x8000, 0x7fff_ffff, -0x8000_0000, 61, 49, 17]

const mutations: readonly Mutation[] = [
  (input, random) => changed(input, (bytes) => (bytes[random(bytes.length)]! ^= 1 << random(8))),
  (input, random) => changed(input, (bytes) => (bytes[random(bytes.length)] = random(256))),
  (input, random) =>
    changed(input, (bytes) => {
      const at = random(bytes.length)
      bytes[at] = bytes[at]! + (random(2) === 0 ? 1 + random(8) : 256 - 1 - random(8))
    }),
  (input, random) =>
    changed(input, (bytes) => {
      if (bytes.length >= 4) bytes.writeInt32BE(NUMBERS[random(NUMBERS.length)]!, random(bytes.length - 3))
    }),
  (input, random) =>
    changed(input, (bytes) => {
      if (bytes.length >= 2)
        bytes.writeInt16BE((NUMBERS[random(NUMBERS.length)]! << 16) >> 16, random(bytes.length - 1))
    }),
  (input, random) => {
    const at = random(input.length + 1)
    return Buffer.concat([input.subarray(0, at), input.subarray(at + 1 + random(8))])
  },
  (input, random) => input.subarray(0, random(input.length + 1)),
  (input, random) => insert(input, random(input.length + 1), piece(input, random)),
  (input, random) => insert(input, random(input.length + 1), Buffer.alloc(1 + random(6), random(2) * 0xff)),
  (input, random, other) => insert(input, random(input.length + 1), piece(other, random)),
  (input, random, other) =>
    Buffer.concat([input.subarray(0, random(input.length + 1)), other.subarray(random(other.length + 1))]),
  (input, random, other) =>
    changed(input, (bytes) => {
      const part = piece(other, random)
      part.copy(bytes, random(bytes.length))
    }),
]
