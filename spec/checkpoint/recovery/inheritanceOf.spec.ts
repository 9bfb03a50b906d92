import { describe, expect, it } from '@jest/globals'
import {
  abandonsTransactions,
  expectedSinks,
  hasTransactions,
  inheritanceOf,
  type RecoveryScope,
  type SinkIdentity,
} from '../../../lib/checkpoint/recovery/inheritanceOf.js'
import type { FormerHolder } from '../../../lib/checkpoint/store/AttemptLedger.js'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'

const sinkOf = (uid: string, subtaskIndex = 0, name = `${uid}-ids`): SinkIdentity => ({ uid, subtaskIndex, name })

/** A checkpoint with these prepared transactions: of a sink, under an id, from a subtask. */
const checkpointWith = (
  transactions: readonly (readonly [uid: string, id: string, subtaskIndex: number])[],
  rest: Partial<StoredCheckpoint> = {},
): StoredCheckpoint => ({
  ...{ checkpointId: 5, timestamp: 0, savepoint: false, parallelism: 1, states: {}, committed: {} },
  prepared: Object.fromEntries(
    [...new Set(transactions.map(([uid]) => uid))].map((uid) => [
      uid,
      transactions.filter(([of]) => of === uid).map(([, id, subtaskIndex]) => ({ id, checkpointId: 5, subtaskIndex })),
    ]),
  ),
  ...rest,
})

const holder = (part: Partial<FormerHolder> = {}): FormerHolder => ({
  ...{ attemptId: 'attempt-1', parallelism: 1, subtasks: [0], blocks: [{ first: 1, last: 32 }] },
  ...{ sinks: [{ name: 'a-ids', uid: 'a', subtaskIndex: 0 }], unrecorded: false },
  ...part,
})

const scopeOf = (part: Partial<RecoveryScope>): RecoveryScope => ({
  ...{ restored: undefined, share: { parallelism: 1, subtasks: [0] }, former: [], sinks: [] },
  ...part,
})

const two = { parallelism: 2, subtasks: [0, 1] }

describe('the sinks that have to join', () => {
  it('should be those of prepared transactions, in the subtask that looks after theirs', () => {
    const restored = checkpointWith([
      ['a', 'a-1', 0],
      ['b', 'b-1', 3],
    ])
    expect(expectedSinks(scopeOf({ restored, share: two }))).toEqual([
      { uid: 'a', subtaskIndex: 0 },
      { uid: 'b', subtaskIndex: 1 },
    ])
    expect(expectedSinks(scopeOf({ restored, share: { parallelism: 2, subtasks: [1] } }))).toEqual([
      { uid: 'b', subtaskIndex: 1 },
    ])
  })

  it('should not be those whose transactions are known to be committed', () => {
    const restored = checkpointWith([['a', 'a-1', 0]], { committed: { a: ['a-1'] } })
    expect(expectedSinks(scopeOf({ restored }))).toEqual([])
  })

  it('should be those that former attempts had, in each of their subtasks', () => {
    expect(expectedSinks(scopeOf({ former: [holder({ subtasks: [0, 1] })], share: two }))).toEqual([
      { uid: 'a', subtaskIndex: 0 },
      { uid: 'a', subtaskIndex: 1 },
    ])
  })
})

describe('what a sink inherits', () => {
  const restored = checkpointWith([['gone', 'x-1', 1]], { states: { gone: [null, { prefix: 'x' }] } })

  it('should be the states of sinks that are gone, for the first of the subtask that looks after theirs', () => {
    const sinks = [sinkOf('a', 0), sinkOf('a', 1), sinkOf('b', 1)]
    const scope = scopeOf({ restored, share: two, sinks })
    const [other, first, second] = sinks.map((sink) => inheritanceOf(scope, sink).orphans)
    expect(first).toEqual([{ uid: 'gone', states: [{ prefix: 'x' }] }])
    expect(other).toEqual([])
    expect(second).toEqual([])
    expect(sinks.map((sink) => hasTransactions(scope, sink))).toEqual([false, true, false])
  })

  it('should be nothing of a sink that is there: that one has them itself', () => {
    const sinks = [sinkOf('gone', 1), sinkOf('a', 1)]
    const scope = scopeOf({ restored, share: two, sinks })
    expect(sinks.map((sink) => inheritanceOf(scope, sink).orphans)).toEqual([[], []])
    expect(sinks.map((sink) => hasTransactions(scope, sink))).toEqual([true, false])
  })

  it('should be what former attempts may have opened under its name, and under names that no sink has', () => {
    const former = [
      holder({
        sinks: [
          { name: 'a-ids', uid: 'a', subtaskIndex: 0 },
          { name: 'b-ids', uid: 'b', subtaskIndex: 0 },
          { name: 'old-ids', uid: 'a', subtaskIndex: 0 },
        ],
      }),
    ]
    const sinks = [sinkOf('a'), sinkOf('b')]
    const scope = scopeOf({ former, sinks })
    const names = sinks.map((sink) => inheritanceOf(scope, sink).former.map(({ name }) => name))
    expect(names).toEqual([['a-ids', 'old-ids'], ['b-ids']])
  })

  it('should not be ids that were passed over, since others use them', () => {
    const blocks = [
      { first: 1, last: 32 },
      { first: 33, last: 64 },
      { first: 65, last: 96 },
    ]
    const passing = { name: 'a-ids', uid: 'a', subtaskIndex: 0, passedOver: [{ first: 1, last: 40 }] }
    const scope = scopeOf({ former: [holder({ blocks, sinks: [passing] })], sinks: [sinkOf('a')] })
    expect(inheritanceOf(scope, scope.sinks[0]!).former).toMatchObject([
      {
        blocks: [
          { first: 41, last: 64 },
          { first: 65, last: 96 },
        ],
      },
    ])
  })

  it('should be what lies on both sides of what was passed over', () => {
    const blocks = [
      { first: 1, last: 16 },
      { first: 33, last: 48 },
    ]
    const passedOver = [{ first: 4, last: 40 }, { first: 44, last: 44 }, { first: 49, last: 64 }] // prettier-ignore
    const passing = { name: 'a-ids', uid: 'a', subtaskIndex: 0, passedOver }
    const scope = scopeOf({ former: [holder({ blocks, sinks: [passing] })], sinks: [sinkOf('a')] })
    expect(inheritanceOf(scope, scope.sinks[0]!).former).toMatchObject([
      {
        blocks: [
          { first: 1, last: 3 },
          { first: 41, last: 43 },
          { first: 45, last: 48 },
        ],
      },
    ])
  })

  it('should come with the states of the sink from all subtasks, under whichever uid it had the name', () => {
    const states = { a: [{ n: 0 }, null, { n: 2 }], b: [{ n: 3 }], c: [{ n: 4 }] }
    const sinks = [
      { name: 'ids', uid: 'a', subtaskIndex: 0 },
      { name: 'ids', uid: 'b', subtaskIndex: 0 },
    ]
    const scope = scopeOf({
      restored: checkpointWith([], { states }),
      former: [holder({ sinks })],
      sinks: [sinkOf('a', 0, 'ids')],
    })
    expect(inheritanceOf(scope, scope.sinks[0]!).former.map((one) => one.states)).toEqual([
      [{ n: 0 }, { n: 2 }, { n: 3 }],
    ])
  })

  it('should be, of an attempt that recorded no sinks, what it may have opened under each name that there is', () => {
    const former = [holder({ sinks: [], unrecorded: true })]
    const scope = scopeOf({ former, sinks: [sinkOf('a'), sinkOf('b')] })
    expect(inheritanceOf(scope, scope.sinks[1]!).former).toEqual([
      {
        ...{ attemptId: 'attempt-1', name: 'b-ids', subtaskIndex: 0, unrecorded: true },
        ...{ blocks: [{ first: 1, last: 32 }], states: [] },
      },
    ])
  })
})

describe('transactions that no sink can end', () => {
  it('should be those of subtasks without a sink', () => {
    const former = [holder({ subtasks: [0, 1] })]
    expect(abandonsTransactions(scopeOf({ former, share: two, sinks: [sinkOf('a', 0), sinkOf('a', 1)] }))).toBe(false)
    expect(abandonsTransactions(scopeOf({ former, share: two, sinks: [sinkOf('a', 0)] }))).toBe(true)
    expect(abandonsTransactions(scopeOf({ sinks: [] }))).toBe(false)
  })
})
