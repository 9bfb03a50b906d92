import { describe, expect, it } from '@jest/globals'
import { judgePosition } from '../../../lib/cluster/fetcher/judgePosition.js'

describe('judgePosition', () => {
  it.each([
    ['ends behind it', { leaderEpoch: 5, endOffset: 21 }],
    ['ends there', { leaderEpoch: 5, endOffset: 20 }],
  ])('should find a position in a log whose epoch %s', (_, end) => {
    expect(judgePosition(20, end)).toEqual({ _tag: 'valid' })
  })

  it('should find where a log parts from what was read', () => {
    expect(judgePosition(20, { leaderEpoch: 4, endOffset: 12 })).toEqual({ _tag: 'truncated', divergentOffset: 12 })
  })

  it('should find nothing left of an epoch that the log does not know', () => {
    expect(judgePosition(20, { leaderEpoch: -1, endOffset: -1 })).toEqual({
      _tag: 'truncated',
      divergentOffset: undefined,
    })
  })
})
