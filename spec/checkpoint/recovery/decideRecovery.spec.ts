import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decideRecovery, firstDead } from '../../../lib/checkpoint/recovery/decideRecovery.js'
import type { EarlierCheckpoint } from '../../../lib/checkpoint/store/AttemptLedger.js'
import type { RestoredTransaction, TransactionStanding } from '../../../lib/stream/TwoPhaseCommit.js'

const transaction = (checkpointId: number, standing: TransactionStanding, subtaskIndex = 0, uid = 'sink') => ({
  ...{ uid, id: `${uid}-${subtaskIndex}-${checkpointId}`, checkpointId, subtaskIndex, standing },
})

const earlier = (checkpointId: number, committedAfter = false, subtask = 0): ReadonlyMap<number, EarlierCheckpoint> =>
  new Map([[subtask, { checkpointId, committedAfter }]])

describe('decideRecovery', () => {
  it.each<[string, readonly RestoredTransaction[], ReadonlyMap<number, EarlierCheckpoint>, readonly string[], boolean]>(
    [
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
    ],
  )('should %s', (_, transactions, before, actions, goesBack) => {
    const decision = decideRecovery(transactions, before)
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
    expect(firstDead(transactions)).toEqual(new Map([[0, 5], [1, 7], [2, 2]])) // prettier-ignore
    const before = new Map([...earlier(4), ...earlier(3, false, 1)])
    expect(decideRecovery(transactions, before).before).toEqual(new Map([[0, 5], [1, 7]])) // prettier-ignore
  })

  it('should neither commit the dead, nor abort the committed, nor do both to one subtask above its base', () => {
    const anyTransaction = fc
      .tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('prepared', 'committed', 'dead'),
        fc.integer({ min: 0, max: 1 }),
      )
      .map(([id, standing, subtask]) => transaction(id, standing, subtask))
    const anyBase = fc.option(fc.record({ checkpointId: fc.integer({ min: 0, max: 6 }), committedAfter: fc.boolean() }))
    fc.assert(
      fc.property(fc.array(anyTransaction), anyBase, anyBase, (transactions, ...bases) => {
        const dead = firstDead(transactions)
        const earlierOnes = new Map(
          bases.flatMap((base, subtask) =>
            base !== null && base.checkpointId < (dead.get(subtask) ?? 0) ? [[subtask, base] as const] : [],
          ),
        )
        const { actions, before } = decideRecovery(transactions, earlierOnes)
        transactions.forEach(({ standing, subtaskIndex, checkpointId }, index) => {
          const goesBack = before.has(subtaskIndex) && checkpointId > earlierOnes.get(subtaskIndex)!.checkpointId
          if (goesBack) expect(actions[index]).toBe('abort')
          else expect(actions[index]).toBe(standing === 'dead' ? 'lost' : 'commit')
          if (standing === 'committed') expect(actions[index]).toBe('commit')
        })
      }),
    )
  })
})
