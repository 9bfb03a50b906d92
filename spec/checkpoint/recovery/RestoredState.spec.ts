import { describe, expect, it } from '@jest/globals'
import { RestoredState } from '../../../lib/checkpoint/recovery/RestoredState.js'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'

const transaction = (id: string, subtaskIndex: number) => ({ id, subtaskIndex, checkpointId: 3 })

const checkpoint: StoredCheckpoint = {
  ...{ checkpointId: 3, timestamp: 0, savepoint: false, parallelism: 2, operatorStates: {} },
  states: { source: ['s0', 's1'], sink: ['k0', null], map: [null, 'm1'] },
  prepared: { sink: [transaction('t0', 0), transaction('t1', 1)], gone: [transaction('g0', 0)] },
  committed: { sink: ['t0'] },
}

const everything = [
  { uid: 'source', subtaskIndex: 0 },
  { uid: 'source', subtaskIndex: 1 },
  { uid: 'sink', subtaskIndex: 0 },
  { uid: 'sink', subtaskIndex: 1 },
  { uid: 'map', subtaskIndex: 1 },
]

describe('RestoredState', () => {
  it('should answer what a subtask left, and what all of them left', () => {
    const restored = new RestoredState(checkpoint, 2)
    expect(restored.checkpointId).toBe(3)
    expect([restored.stateOf('source', 1), restored.stateOf('sink', 1), restored.stateOf('none', 0)]).toEqual([
      's1',
      undefined,
      undefined,
    ])
    expect([restored.statesOf('map', 0), restored.statesOf('none', 0)]).toEqual([['m1'], []])
  })

  it('should know what is committed: what was, and what has been marked since', () => {
    const restored = new RestoredState(checkpoint, 2)
    restored.marked('sink', ['t1', 't0'])
    restored.marked('gone', ['g0'])
    expect([restored.committedOf('sink'), restored.committedOf('gone'), restored.committedOf('none')]).toEqual([
      ['t0', 't1'],
      ['g0'],
      [],
    ])
  })

  it('should find unclaimed what nobody has asked for in its subtask, transactions only when they are not committed', () => {
    const restored = new RestoredState(checkpoint, 2)
    expect(restored.unclaimed([], [0, 1])).toEqual({
      uids: ['source', 'sink', 'map'],
      prepared: [
        { uid: 'sink', ids: ['t1'] },
        { uid: 'gone', ids: ['g0'] },
      ],
    })
    expect(restored.unclaimed(everything, [0, 1])).toEqual({ uids: [], prepared: [{ uid: 'gone', ids: ['g0'] }] })
    restored.marked('gone', ['g0'])
    expect(restored.unclaimed(everything, [0, 1])).toEqual({ uids: [], prepared: [] })
  })

  it('should look at the subtasks of this attempt alone', () => {
    const restored = new RestoredState(checkpoint, 2)
    expect(restored.unclaimed([], [1])).toEqual({ uids: ['source', 'map'], prepared: [{ uid: 'sink', ids: ['t1'] }] })
    restored.stateOf('source', 0)
    restored.stateOf('map', 1)
    expect(restored.unclaimed([], [0, 1]).uids).toEqual(['source', 'sink'])
  })

  it('should have the heir of a former subtask ask for its state, when there are fewer now', () => {
    const restored = new RestoredState(checkpoint, 1)
    restored.statesOf('source', 0)
    expect(restored.unclaimed([], [0])).toEqual({
      uids: ['sink', 'map'],
      prepared: [
        { uid: 'sink', ids: ['t1'] },
        { uid: 'gone', ids: ['g0'] },
      ],
    })
  })

  it('should be empty at a fresh start', () => {
    const restored = new RestoredState(undefined, 1)
    expect([restored.checkpointId, restored.stateOf('a', 0), restored.statesOf('a', 0)]).toEqual([
      undefined,
      undefined,
      [],
    ])
    expect(restored.unclaimed([], [0])).toEqual({ uids: [], prepared: [] })
  })
})
