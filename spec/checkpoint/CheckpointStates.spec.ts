import { describe, expect, it } from '@jest/globals'
import {
  byUid,
  noStates,
  preparedByUid,
  type State,
  statesOfSubtasks,
  withCarried,
} from '../../lib/checkpoint/CheckpointStates.js'

const state = (uid: string, subtaskIndex: number, value: unknown, ids: readonly string[] = []): State => ({
  ...{ uid, subtaskIndex, state: value },
  prepared: ids.map((id) => ({ id, checkpointId: 7 })),
})

describe('the states of a checkpoint', () => {
  it('should be what was handed over, over what is carried', () => {
    const before = withCarried(noStates, [state('a', 0, 'old a'), state('b', 0, 'old b'), state('b', 1, 'other b')])
    const next = withCarried(before, [state('b', 0, 'new b')])
    expect(byUid(next.all)).toEqual({ a: ['old a'], b: ['new b', 'other b'] })
    expect([...next.carried]).toEqual(['a', 'b'])
    expect([...before.carried]).toEqual([])
  })

  it('should have a place for each subtask, in whatever order they come', () => {
    expect(byUid([state('a', 2, 'third'), state('a', 0, 'first')])).toEqual({ a: ['first', null, 'third'] })
    expect(byUid([state('a', 1, 'second')])).toEqual({ a: [null, 'second'] })
    expect(byUid([])).toEqual({})
  })

  it('should name the prepared transactions of each uid, with the subtask that they are of', () => {
    expect(preparedByUid([state('a', 0, null), state('b', 1, null)])).toBeUndefined()
    expect(preparedByUid([state('a', 0, null, ['x']), state('b', 0, null), state('a', 1, null, ['y', 'z'])])).toEqual({
      a: [
        { id: 'x', checkpointId: 7, subtaskIndex: 0 },
        { id: 'y', checkpointId: 7, subtaskIndex: 1 },
        { id: 'z', checkpointId: 7, subtaskIndex: 1 },
      ],
    })
  })

  it('should be those of some subtasks, none of them carried', () => {
    const all = withCarried(withCarried(noStates, [state('a', 0, 1), state('a', 1, 2)]), [state('a', 1, 3)])
    expect(statesOfSubtasks(all, [0])).toEqual({ all: [state('a', 0, 1)], carried: new Set() })
  })
})
