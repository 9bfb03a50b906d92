import { describe, expect, it } from '@jest/globals'
import { defer, type Observable, Subject } from 'rxjs'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { CheckpointWriter } from '../../../lib/checkpoint/attempt/CheckpointWriter.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { steps } from '../support/steps.js'

/** A stored attempt that tells its writes as they begin. */
const attempt = (write$: Observable<unknown>, restored?: StoredCheckpoint) => {
  const calls$ = new Subject<string>()
  const write = (call: string) =>
    defer(() => {
      calls$.next(call)
      return write$ as Observable<undefined>
    })
  return {
    calls$,
    stored: {
      attemptId: 'spec',
      restored,
      complete: (it: StoredCheckpoint) => write(`complete ${it.checkpointId} ${JSON.stringify(it.committed)}`),
      markCommitted: (id: number, uid: string, ids: readonly string[]) => write(`mark ${id} ${uid} ${ids.join(' ')}`),
    },
  }
}

/** How long a write takes. */
const WRITE = '10ms (w|)'
const durable = { w: undefined }

const checkpoint = (checkpointId: number) => ({
  checkpointId,
  timestamp: 0,
  savepoint: false,
  parallelism: 1,
  states: {},
})
const none = new Set<string>()

describe('CheckpointWriter', () => {
  it('should write one after another, also after a failure', () => {
    runMarbles(({ cold, expectObservable }) => {
      const diskFull = new Error('disk full')
      let writes = 0
      const { calls$, stored } = attempt(defer(() => (writes++ === 0 ? cold('10ms #', {}, diskFull) : cold(WRITE))))
      const writer = new CheckpointWriter(stored)
      const first$ = defer(() => writer.complete(checkpoint(1), none))
      const other$ = defer(() => writer.complete(checkpoint(2), none))
      const marks$ = defer(() => writer.markCommitted('sink', ['a']))
      expectObservable(calls$).toBe('         1 9ms 2 10ms   m', {
        ...{ 1: 'complete 1 {}', 2: 'complete 2 {}', m: 'mark 2 sink a' },
      })
      expectObservable(first$).toBe('         10ms  #', {}, diskFull)
      expectObservable(other$).toBe('         10ms    10ms (w|)', durable)
      expectObservable(marks$, '21ms ^').toBe('21ms             10ms (w|)', durable)
    })
  })

  it('should write the marks of the restored checkpoint beside it until there is an own one', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { calls$, stored } = attempt(helpers.cold(WRITE), { ...checkpoint(7), committed: {} })
      const writer = new CheckpointWriter(stored)
      steps(helpers, '                -(8m)', {
        8: () => {
          writer.begin(8)
          return writer.complete(checkpoint(8), none)
        },
        m: () => writer.markCommitted('sink', ['a']),
      })
      expectObservable(calls$).toBe('-8 9ms m', { 8: 'complete 8 {}', m: 'mark 8 sink a' })
    })
  })

  it('should take along marks that became durable after the checkpoint was triggered, and no others', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { calls$, stored } = attempt(helpers.cold(WRITE), { ...checkpoint(7), committed: {} })
      const writer = new CheckpointWriter(stored)
      steps(helpers, '                -a 19ms (tb) 16ms 8 19ms (u9)', {
        a: () => writer.markCommitted('sink', ['before']),
        t: () => writer.begin(8),
        b: () => writer.markCommitted('sink', ['after']),
        8: () => writer.complete(checkpoint(8), none),
        u: () => writer.begin(9),
        9: () => writer.complete(checkpoint(9), none),
      })
      expectObservable(calls$).toBe('-a 19ms b    19ms 8 19ms 9', {
        a: 'mark 7 sink before',
        b: 'mark 7 sink after',
        8: 'complete 8 {"sink":["after"]}',
        9: 'complete 9 {}',
      })
    })
  })

  it('should take all marks along of a state that is carried', () => {
    runMarbles(({ expectObservable, ...helpers }) => {
      const { calls$, stored } = attempt(helpers.cold(WRITE), { ...checkpoint(7), committed: {} })
      const writer = new CheckpointWriter(stored)
      const carrying = (id: number) => () => {
        writer.begin(id)
        return writer.complete(checkpoint(id), new Set(['sink']))
      }
      steps(helpers, '                -m 19ms 8 19ms 9', {
        m: () => writer.markCommitted('sink', ['a']),
        8: carrying(8),
        9: carrying(9),
      })
      expectObservable(calls$).toBe('-m 19ms 8 19ms 9', {
        m: 'mark 7 sink a',
        8: 'complete 8 {"sink":["a"]}',
        9: 'complete 9 {"sink":["a"]}',
      })
    })
  })

  it('should take along of these marks what the checkpoint still holds, also those of the attempt before', () => {
    runMarbles(({ expectObservable, flush, ...helpers }) => {
      const committed = { sink: ['a', 'b'], other: ['c'] }
      const { calls$, stored } = attempt(helpers.cold(WRITE), { ...checkpoint(7), committed })
      const writer = new CheckpointWriter(stored)
      const prepared = { sink: [{ id: 'b', checkpointId: 6, subtaskIndex: 0 }] }
      steps(helpers, '                -8', {
        8: () => {
          writer.begin(8)
          return writer.complete({ ...checkpoint(8), prepared }, new Set(['sink']))
        },
      })
      expectObservable(calls$).toBe('-8', { 8: 'complete 8 {"sink":["b"]}' })
      flush()
      expect(writer.committed).toEqual({ sink: ['b'] })
    })
  })

  it('should leave out a checkpoint when a newer one is durable', () => {
    runMarbles(({ cold, expectObservable }) => {
      const { calls$, stored } = attempt(cold(WRITE))
      const writer = new CheckpointWriter(stored)
      const newer$ = defer(() => writer.complete(checkpoint(6), none))
      const older$ = defer(() => writer.complete(checkpoint(5), none))
      const marks$ = defer(() => writer.markCommitted('sink', ['a']))
      expectObservable(calls$).toBe('         6 10ms   m', { 6: 'complete 6 {}', m: 'mark 6 sink a' })
      expectObservable(newer$).toBe('         10ms  (w|)', durable)
      expectObservable(older$).toBe('         10ms  |')
      expectObservable(marks$, '11ms ^').toBe('11ms           10ms (w|)', durable)
    })
  })

  it('should mark once per subscription, and nothing where there is nothing', () => {
    runMarbles(({ cold, expectObservable }) => {
      const nothing = attempt(cold(WRITE))
      const fresh$ = new CheckpointWriter(nothing.stored).markCommitted('sink', ['a'])
      expectObservable(nothing.calls$).toBe('-')
      expectObservable(fresh$).toBe('(w|)', durable)

      const { calls$, stored } = attempt(cold('(w|)'), { ...checkpoint(1), committed: {} })
      const writer = new CheckpointWriter(stored)
      const mark$ = writer.markCommitted('sink', ['a'])
      expectObservable(writer.markCommitted('sink', [])).toBe('(w|)', durable)
      expectObservable(mark$, '10ms ^').toBe('10ms (w|)', durable)
      expectObservable(mark$, '20ms        ^').toBe('20ms        (w|)', durable)
      expectObservable(calls$).toBe('10ms m    9ms m', { m: 'mark 1 sink a' })
    })
  })
})
