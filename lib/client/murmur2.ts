/**
 * The partition of a key, as Kafka's Java client chooses it: every record of a key goes to the same one, whoever writes it.
 *
 * @param partitions how many the topic has
 * @example
 * ```ts
 * partitionOfKey('flight-4711', 12)
 * ```
 */
export const partitionOfKey = (key: Uint8Array | string, partitions: number): number =>
  (hashOf(key) & 0x7fffffff) % partitions

const hashOf = (key: Uint8Array | string): number => {
  if (typeof key !== 'string') return murmur2(key, key.length)
  // UTF-8 takes at most three bytes for a unit of a string.
  if (key.length * 3 > scratch.length) return murmur2(Buffer.from(key), Buffer.byteLength(key))
  return murmur2(scratch, scratch.write(key, 0))
}

/** Keys are hashed one at a time, so they can share the memory their UTF-8 is written to. */
const scratch = Buffer.allocUnsafeSlow(1024)

const multiplier = 0x5bd1e995
const seed = 0x9747b28c

/**
 * MurmurHash 2 in 32 bits, as in `org.apache.kafka.common.utils.Utils.murmur2`.
 *
 * @param length how many of the bytes count
 * @returns a signed 32-bit integer
 */
export const murmur2 = (bytes: Uint8Array, length = bytes.length): number => {
  const whole = length & ~3
  let h = seed ^ length
  for (let i = 0; i < whole; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, multiplier)
    k ^= k >>> 24
    h = Math.imul(h, multiplier) ^ Math.imul(k, multiplier)
  }
  const rest = length - whole
  if (rest > 0) {
    if (rest > 2) h ^= bytes[whole + 2]! << 16
    if (rest > 1) h ^= bytes[whole + 1]! << 8
    h = Math.imul(h ^ bytes[whole]!, multiplier)
  }
  h = Math.imul(h ^ (h >>> 13), multiplier)
  return h ^ (h >>> 15)
}
