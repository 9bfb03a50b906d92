import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { exponentialBackoff } from '../../lib/cluster/exponentialBackoff.js'

const config = { retryBackoffMs: 100, retryBackoffMaxMs: 1000 }

describe('exponentialBackoff', () => {
  it('should double up to the maximum', () => {
    expect([1, 2, 3, 4, 5, 500].map((attempt) => exponentialBackoff(config, attempt, 0.5))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ])
  })

  it('should stay within a fifth of that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const middle = exponentialBackoff(config, attempt, 0.5)
        const wait = exponentialBackoff(config, attempt, random)
        expect(Math.abs(wait - middle)).toBeLessThanOrEqual(middle * 0.2 + 1e-9)
      }),
    )
  })
})
