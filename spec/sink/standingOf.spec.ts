import { describe, expect, it } from '@jest/globals'
import type { TransactionDescription } from '../../lib/client/TransactionDescription.js'
import { type DescribedStanding, standingOf } from '../../lib/sink/transaction/standingOf.js'

const prepared = { producerId: 7n, epoch: 3 }

const described = (state: string, other: Partial<TransactionDescription> = {}): TransactionDescription =>
  ({ ...prepared, state, ...other }) as TransactionDescription

describe('standingOf', () => {
  it.each<[string, DescribedStanding]>([
    ['Ongoing', 'prepared'],
    ['PrepareCommit', 'ending'],
    ['PrepareAbort', 'ending'],
    ['PrepareEpochFence', 'ending'],
    ['CompleteCommit', 'committed'],
    ['CompleteAbort', 'dead'],
    ['Dead', 'dead'],
    ['Empty', 'empty'],
    ['a state of a later release', 'dead'],
  ])('should read %s of the same producer as %s', (state, standing) => {
    expect(standingOf(prepared, described(state))).toBe(standing)
  })

  it.each(['Ongoing', 'CompleteCommit', 'Empty', 'PrepareAbort'])(
    'should call it dead when %s is of another epoch or producer',
    (state) => {
      expect(standingOf(prepared, described(state, { epoch: 4 }))).toBe('dead')
      expect(standingOf(prepared, described(state, { epoch: 2 }))).toBe('dead')
      expect(standingOf(prepared, described(state, { producerId: 8n }))).toBe('dead')
    },
  )

  it('should not know what the coordinator has forgotten', () => {
    expect(standingOf(prepared, undefined)).toBe('unknown')
  })
})
