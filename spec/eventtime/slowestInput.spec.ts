import { describe, expect, it } from '@jest/globals'
import { slowestInput } from '../../lib/eventtime/slowestInput.js'

/** `a c at 5, 7 without a`: the slowest and its ties, their watermark, and the combined watermark if it did not count. */
const slowest = (watermarks: Readonly<Record<string, number>>, emitted = 0, latest = 99): string => {
  const found = slowestInput(Object.entries(watermarks), emitted, latest)
  if (found === undefined) return 'none'
  return `${found.tied.join(' ')} at ${found.watermark}, ${found.watermarkWithout} without ${found.input}`
}

describe('slowestInput', () => {
  it.each([
    ['there is none', slowest({}), 'none'],
    ['there is one, and without it the latest of all counts', slowest({ a: 5 }), 'a at 5, 99 without a'],
    ['it comes first', slowest({ a: 5, b: 7, c: 9 }), 'a at 5, 7 without a'],
    ['it comes first, and the next one last', slowest({ a: 5, b: 9, c: 7 }), 'a at 5, 7 without a'],
    ['it comes last', slowest({ a: 9, b: 7, c: 5 }), 'c at 5, 7 without c'],
    ['it comes between', slowest({ a: 7, b: 5, c: 9 }), 'b at 5, 7 without b'],
    ['two are as slow', slowest({ a: 5, b: 9, c: 5 }), 'a c at 5, 5 without a'],
    ['all others are behind what was emitted', slowest({ a: 5, b: 7 }, 8), 'a at 5, 8 without a'],
  ])('should be told when %s', (_, told, expected) => {
    expect(told).toBe(expected)
  })
})
