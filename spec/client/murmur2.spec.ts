import { describe, expect, it } from '@jest/globals'
import { murmur2, partitionOfKey } from '../../lib/client/murmur2.js'

describe('murmur2', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('should hash %s as UtilsTest of Kafka expects', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it('should make a partition of a negative hash by taking the sign away', () => {
    expect(partitionOfKey(Buffer.from('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7)
  })
})
