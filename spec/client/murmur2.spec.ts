import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { murmur2, partitionOfKey } from '../../lib/client/murmur2.js'

describe('murmur2', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('should hash %s as UtilsTest of Kafka expects', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected)
  })

  it('should be the same for a string and its UTF-8', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 600 }),
        fc.integer({ min: 1, max: 5000 }),
        (key, partitions) => {
          expect(partitionOfKey(key, partitions)).toBe(partitionOfKey(Buffer.from(key), partitions))
        },
      ),
    )
  })

  it('should stay within the partitions', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 5000 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions)
        expect(partition).toBeGreaterThanOrEqual(0)
        expect(partition).toBeLessThan(partitions)
      }),
    )
  })
})
