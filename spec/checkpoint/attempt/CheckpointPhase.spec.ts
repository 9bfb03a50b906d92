import { describe, expect, it } from '@jest/globals'
import { canAbort, type CheckpointPhase, enterPhase } from '../../../lib/checkpoint/attempt/CheckpointPhase.js'

const phases: readonly CheckpointPhase[] = ['triggered', 'acknowledged', 'stored', 'completed', 'aborted']

const allowed = [
  'triggered acknowledged',
  'triggered aborted',
  'acknowledged stored',
  'acknowledged aborted',
  'stored completed',
]

describe('CheckpointPhase', () => {
  for (const from of phases)
    for (const to of phases)
      if (allowed.includes(`${from} ${to}`))
        it(`should go from ${from} to ${to}`, () => expect(enterPhase(from, to)).toBe(to))
      else
        it(`should refuse ${from} to ${to}, naming both`, () =>
          expect(() => enterPhase(from, to)).toThrow(`that is ${from} cannot become ${to}`))

  it('should not abort what is stored', () => {
    expect(phases.filter(canAbort)).toEqual(['triggered', 'acknowledged'])
  })
})
