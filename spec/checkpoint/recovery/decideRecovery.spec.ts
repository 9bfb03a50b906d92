import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  deadCheckpoints,
  decideRecovery,
  leadsBack,
  type WayBack,
} from '../../../lib/checkpoint/recovery/decideRecovery.js'
import type { EarlierCheckpoint } from '../../../lib/checkpoint/store/AttemptLedger.js'
import type { RestoredTransaction, TransactionStanding } from '../../../lib/stream/TwoPhaseCommit.js'

const transaction = (checkpointId: number, standing: TransactionStanding, subtaskIndex = 0, uid = 'sink') => ({
  ...{ uid, id: `${uid}-${subtaskIndex}-${checkpointId}`, checkpointId, subtaskIndex, standing },
})

/** The decision, where a store has these checkpoints of each subtask, oldest first. */
const decided = (
  transactions: readonly RestoredTransaction[],
  left: ReadonlyMap<number, readonly EarlierCheckpoint[]>,
) => {
  const waysBack = new Map<number, WayBack>()
  for (const [subtask, dead] of deadCheckpoints(transactions))
    for (const before of dead) {
      const base = left.get(subtask)?.findLast(({ checkpointId }) => checkpointId < before)
      if (waysBack.has(subtask) || !leadsBack(transactions, subtask, base)) continue
      waysBack.set(subtask, { before, base: base.checkpointId })
    }
  const before = new Map([...waysBack].map(([subtask, way]) => [subtask, way.before]))
  return { actions: decideRecovery(transactions, waysBack), before, waysBack }
}

const earlier = (
  checkpointId: number,
  committedAfter = false,
  subtask = 0,
): ReadonlyMap<number, readonly EarlierCheckpoint[]> => new Map([[subtask, [{ checkpointId, committedAfter }]]])

describe('decideRecovery', () => {
  it.each<[string, readonly RestoredTransaction[], ReturnType<typeof earlier>, readonly string[], boolean]>([
    ['have nothing to do', [], new Map(), [], false],
    [
      'commit what lives',
      [transaction(5, 'prepared'), transaction(6, 'prepared')],
      earlier(4),
      ['commit', 'commit'],
      false,
    ],
    ['note what is committed', [transaction(5, 'committed')], new Map(), ['commit'], false],
    ['go back behind a dead one', [transaction(5, 'dead')], earlier(4), ['abort'], true],
    [
      'abort what lives after a dead one',
      [transaction(5, 'dead'), transaction(6, 'prepared')],
      earlier(4),
      ['abort', 'abort'],
      true,
    ],
    [
      'commit what lives from before the checkpoint that it goes back to',
      [transaction(3, 'prepared'), transaction(4, 'prepared'), transaction(5, 'dead')],
      ...([earlier(3), ['commit', 'abort', 'abort'], true] as const),
    ],
    ['lose a dead one when nothing is left to go back to', [transaction(5, 'dead')], new Map(), ['lost'], false],
    [
      'lose a dead one when the store knows of a commit after it',
      [transaction(5, 'dead')],
      earlier(4, true),
      ['lost'],
      false,
    ],
    [
      'lose a dead one, and commit the others, when one after it is committed',
      [transaction(5, 'dead'), transaction(6, 'committed'), transaction(7, 'prepared')],
      ...([earlier(4), ['lost', 'commit', 'commit'], false] as const),
    ],
    [
      'lose a dead one when one of another sink is committed after the checkpoint before it',
      [transaction(5, 'dead'), transaction(5, 'committed', 0, 'other')],
      ...([earlier(4), ['lost', 'commit'], false] as const),
    ],
    [
      'go back when what is committed is older',
      [transaction(4, 'committed'), transaction(5, 'dead')],
      ...([earlier(4), ['commit', 'abort'], true] as const),
    ],
    [
      'decide about each subtask by itself',
      [transaction(5, 'dead', 0), transaction(5, 'committed', 1), transaction(6, 'prepared', 1)],
      ...([earlier(4), ['abort', 'commit', 'commit'], true] as const),
    ],
  ])('should %s', (_, transactions, before, actions, goesBack) => {
    const decision = decided(transactions, before)
    expect(decision.actions).toEqual(actions)
    expect(decision.before.size > 0).toBe(goesBack)
  })

  it('should go back before the oldest dead one of each subtask', () => {
    const transactions = [
      transaction(9, 'dead'),
      transaction(5, 'dead'),
      transaction(7, 'dead', 1),
      transaction(2, 'dead', 2),
    ]
    expect(deadCheckpoints(transactions)).toEqual(new Map([[0, [5, 9]], [1, [7]], [2, [2]]])) // prettier-ignore
    const before = new Map([...earlier(4), ...earlier(3, false, 1)])
    expect(decided(transactions, before).before).toEqual(new Map([[0, 5], [1, 7]])) // prettier-ignore
  })

  it('should go back before a later dead one when that is as far as it goes, and leave the earlier one to the next decision', () => {
    const transactions = [transaction(4, 'dead'), transaction(4, 'committed', 0, 'other'), transaction(6, 'dead')]
    const left = new Map([[0, [3, 5].map((checkpointId) => ({ checkpointId, committedAfter: checkpointId === 3 }))]])
    const { actions, before } = decided([...transactions, transaction(7, 'prepared')], left)
    expect([actions, before]).toEqual([['abort', 'commit', 'abort', 'abort'], new Map([[0, 6]])])
    // From there: what is dead can only be lost.
    expect(decided(transactions.slice(0, 2), left).actions).toEqual(['lost', 'commit'])
  })

  it('should neither commit the dead, nor abort the committed, nor lose what it could go back to', () => {
    const anyTransaction = fc
      .tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('prepared', 'committed', 'dead'),
        fc.integer({ min: 0, max: 1 }),
      )
      .map(([id, standing, subtask]) => transaction(id, standing, subtask))
    const anyLeft = fc.array(
      fc.record({ checkpointId: fc.integer({ min: 0, max: 6 }), committedAfter: fc.boolean() }),
      {
        maxLength: 4,
      },
    )
    fc.assert(
      fc.property(fc.array(anyTransaction), anyLeft, anyLeft, (transactions, ...left) => {
        const sorted = left.map((bases) => [...bases].sort((a, b) => a.checkpointId - b.checkpointId))
        const { actions, before, waysBack } = decided(transactions, new Map(sorted.entries()))
        transactions.forEach(({ standing, subtaskIndex, checkpointId }, index) => {
          const way = waysBack.get(subtaskIndex)
          if (way !== undefined && (standing === 'dead' || checkpointId > way.base))
            expect(actions[index]).toBe('abort')
          else expect(actions[index]).toBe(standing === 'dead' ? 'lost' : 'commit')
          if (standing === 'committed') expect(actions[index]).toBe('commit')
          if (actions[index] !== 'lost') return
          expect(before.has(subtaskIndex)).toBe(false)
          const newest = sorted[subtaskIndex]!.findLast((base) => base.checkpointId < checkpointId)
          expect(leadsBack(transactions, subtaskIndex, newest)).toBe(false)
        })
      }),
    )
  })
})
