import { describe, expect, it } from '@jest/globals'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import {
  committedAfter,
  emptyAttempts,
  obsoleteAttempts,
  obsoleteCheckpoints,
  oldestUncommitted,
  standsAlone,
} from '../../../lib/checkpoint/store/retention.js'
import type { AttemptEntry } from '../../../lib/checkpoint/store/storeKeys.js'

/** Transactions by the checkpoint that prepared them. */
const checkpoint = (checkpointId: number, prepared: readonly number[] = [], committed: readonly number[] = []) =>
  ({
    ...{ checkpointId, timestamp: 0, savepoint: false, parallelism: 1, states: {} },
    prepared: { sink: prepared.map((id) => ({ id: `t-${id}`, checkpointId: id, subtaskIndex: id % 2 })) },
    committed: { sink: committed.map((id) => `t-${id}`) },
  }) satisfies StoredCheckpoint

const attempt = (number: number, entry: Partial<AttemptEntry> = {}): AttemptEntry => ({
  ...{ number, share: { parallelism: 1, subtasks: [0] }, name: `attempt-${number}`, folder: '', keys: [] },
  ...{
    decided: true,
    leased: false,
    begun: true,
    settled: true,
    hasSinks: true,
    checkpointIds: [1],
    unrecorded: false,
  },
  ...entry,
})

const numbers = (attempts: readonly AttemptEntry[]): readonly number[] => attempts.map(({ number }) => number)

describe('what a store keeps', () => {
  it('should know the oldest checkpoint with a transaction that is not marked', () => {
    expect(oldestUncommitted(checkpoint(9))).toBeUndefined()
    expect(oldestUncommitted(checkpoint(9, [8, 9]))).toBe(8)
    expect(oldestUncommitted(checkpoint(9, [8, 9], [8]))).toBe(9)
    expect(oldestUncommitted(checkpoint(9, [8, 9], [8, 9]))).toBeUndefined()
    expect(oldestUncommitted({ ...checkpoint(9, [8]), committed: { other: ['t-8'] } })).toBe(8)
  })

  it.each([
    ['two when all is marked', [5, 4, 3, 2], checkpoint(5, [5], [5]), [3, 2]],
    ['two when the newest alone is not marked', [5, 4, 3, 2], checkpoint(5, [5]), [3, 2]],
    ['those since the one before the oldest that is not marked', [5, 4, 3, 2, 1], checkpoint(5, [3, 5]), [1]],
    ['all when that one is of an attempt before', [5, 4, 3], checkpoint(5, [3, 5]), []],
    ['one that is the only one', [5], checkpoint(5), []],
  ])('should be, of the checkpoints of an attempt, %s', (_, ids, newest, obsolete) => {
    expect(obsoleteCheckpoints(ids, newest)).toEqual(obsolete)
  })

  it('should be the attempts before as long as an unmarked transaction could send the job back to them', () => {
    expect(standsAlone(checkpoint(5, [5]), undefined, [5])).toBe(true)
    expect(standsAlone(checkpoint(5, [5], [5]), 4, [])).toBe(true)
    expect(standsAlone(checkpoint(5, [4]), 4, [5])).toBe(false)
    expect(standsAlone(checkpoint(5, [5]), 4, [5])).toBe(true)
    expect(standsAlone(checkpoint(6, [4]), 4, [6, 3])).toBe(true)
  })

  it('should see a commit after a checkpoint, of that subtask, in whichever checkpoint its mark stands', () => {
    expect(committedAfter(3, 0, [checkpoint(4, [4])])).toBe(false)
    expect(committedAfter(3, 0, [checkpoint(4, [4], [4])])).toBe(true)
    expect(committedAfter(3, 0, [checkpoint(4, [4]), checkpoint(5, [], [4])])).toBe(true)
    expect(committedAfter(3, 1, [checkpoint(4, [4], [4])])).toBe(false)
    expect(committedAfter(4, 0, [checkpoint(4, [4], [4])])).toBe(false)
  })

  it('should not be attempts that have left nothing, of the subtasks that the new one has', () => {
    const empty = { checkpointIds: [], hasSinks: false }
    const own = { number: 9, share: { parallelism: 2, subtasks: [0] } }
    const share = own.share
    const all = [
      attempt(8, { ...empty, share }),
      attempt(7, { ...empty, share: { parallelism: 2, subtasks: [0, 1] } }),
      attempt(6, { ...empty, share: { parallelism: 3, subtasks: [0] } }),
      attempt(5, { ...empty, share, hasSinks: true }),
      attempt(4, { ...empty, share, checkpointIds: [1] }),
      attempt(3, { ...empty, share, unrecorded: true }),
    ]
    expect(numbers(emptyAttempts(own, all))).toEqual([8])
  })

  it.each<[string, readonly AttemptEntry[], readonly number[]]>([
    ['those that a settled one has taken over from', [attempt(3), attempt(2), attempt(1)], [2, 1]],
    ['none while the newest is not settled', [attempt(3, { settled: false }), attempt(2)], []],
    [
      'those before a settled one, when a newer one is not',
      [attempt(3, { settled: false }), attempt(2), attempt(1)],
      [1],
    ],
    ['none while one has not begun', [attempt(3, { begun: false }), attempt(2)], []],
    [
      'none of which a subtask has no newer one',
      [
        attempt(3, { share: { parallelism: 2, subtasks: [1] } }),
        attempt(2, { share: { parallelism: 2, subtasks: [0, 1] } }),
        attempt(1, { share: { parallelism: 2, subtasks: [1] } }),
      ],
      [1],
    ],
    [
      'none of a former parallelism before each new subtask has a checkpoint',
      [
        attempt(3, { share: { parallelism: 2, subtasks: [1] }, checkpointIds: [] }),
        attempt(2, { share: { parallelism: 2, subtasks: [0] } }),
        attempt(1),
      ],
      [],
    ],
    [
      'all of former parallelisms when each new subtask has one',
      [
        attempt(4, { share: { parallelism: 2, subtasks: [1] } }),
        attempt(3, { share: { parallelism: 2, subtasks: [0] } }),
        attempt(2),
        attempt(1, { share: { parallelism: 2, subtasks: [0, 1] } }),
      ],
      [2, 1],
    ],
  ])('should not be, of all attempts, %s', (_, attempts, obsolete) => {
    expect(numbers(obsoleteAttempts(attempts))).toEqual(obsolete)
  })
})
