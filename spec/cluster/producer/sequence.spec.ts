import { describe, expect, it } from '@jest/globals'
import { advanceSequence } from '../../../lib/cluster/producer/sequence.js'

describe('advanceSequence', () => {
  it.each([
    [0, 1, 1],
    [2_147_483_646, 1, 2_147_483_647],
    [2_147_483_647, 1, 0],
    [2_147_483_640, 10, 2],
    [2_147_483_647, 2_147_483_647, 2_147_483_646],
  ])('should go from %i by %i records to %i', (sequence, records, next) => {
    expect(advanceSequence(sequence, records)).toBe(next)
  })
})
