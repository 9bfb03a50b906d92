import { describe, expect, it } from '@jest/globals'
import { of, Subject } from 'rxjs'
import type { StoredCheckpoint } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { CheckpointWriter } from '../../../lib/checkpoint/attempt/CheckpointWriter.js'

/** A stored attempt that writes when it is told to. */
const attempt = (restored?: StoredCheckpoint) => {
  const calls: string[] = []
  const writes: Subject<void>[] = []
  const write = (call: string) => {
    calls.push(call)
    const done = new Subject<void>()
    writes.push(done)
    return done
  }
  return {
    calls,
    /** The oldest write is durable. */
    done: () => {
      const oldest = writes.shift()!
      oldest.next()
      oldest.complete()
    },
    fail: () => writes.shift()!.error(new Error('disk full')),
    stored: {
      attemptId: 'spec',
      restored,
      complete: (it: StoredCheckpoint) => write(`complete ${it.checkpointId} ${JSON.stringify(it.committed)}`),
      markCommitted: (id: number, uid: string, ids: readonly string[]) => write(`mark ${id} ${uid} ${ids.join(' ')}`),
    },
  }
}

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
    const { calls, done, fail, stored } = attempt()
    const writer = new CheckpointWriter(stored)
    const errors: string[] = []
    writer.complete(checkpoint(1), none).subscribe({ error: (error: Error) => errors.push(error.message) })
    writer.complete(checkpoint(2), none)
    expect(calls).toEqual(['complete 1 {}'])
    fail()
    expect(errors).toEqual(['disk full'])
    done()
    writer.markCommitted('sink', ['a']).subscribe()

    expect(calls).toEqual(['complete 1 {}', 'complete 2 {}', 'mark 2 sink a'])
  })

  it('should write the marks of the restored checkpoint beside it until there is an own one', () => {
    const { calls, done, stored } = attempt({ ...checkpoint(7), committed: {} })
    const writer = new CheckpointWriter(stored)
    writer.begin(8)
    writer.complete(checkpoint(8), none)
    writer.markCommitted('sink', ['a']).subscribe()
    done()

    expect(calls).toEqual(['complete 8 {}', 'mark 8 sink a'])
  })

  it('should take along marks that became durable after the checkpoint was triggered, and no others', () => {
    const { calls, done, stored } = attempt({ ...checkpoint(7), committed: {} })
    const writer = new CheckpointWriter(stored)
    writer.markCommitted('sink', ['before']).subscribe()
    done()
    writer.begin(8)
    writer.markCommitted('sink', ['after']).subscribe()
    done()
    writer.complete(checkpoint(8), none)
    done()
    writer.begin(9)
    writer.complete(checkpoint(9), none)

    expect(calls.slice(2)).toEqual(['complete 8 {"sink":["after"]}', 'complete 9 {}'])
  })

  it('should take all marks along of a state that is carried', () => {
    const { calls, done, stored } = attempt({ ...checkpoint(7), committed: {} })
    const writer = new CheckpointWriter(stored)
    writer.markCommitted('sink', ['a']).subscribe()
    done()
    for (const id of [8, 9]) {
      writer.begin(id)
      writer.complete(checkpoint(id), new Set(['sink']))
      done()
    }

    expect(calls.slice(1)).toEqual(['complete 8 {"sink":["a"]}', 'complete 9 {"sink":["a"]}'])
  })

  it('should take along of these marks what the checkpoint still holds, also those of the attempt before', () => {
    const { calls, done, stored } = attempt({ ...checkpoint(7), committed: { sink: ['a', 'b'], other: ['c'] } })
    const writer = new CheckpointWriter(stored)
    writer.begin(8)
    const prepared = { sink: [{ id: 'b', checkpointId: 6, subtaskIndex: 0 }] }
    writer.complete({ ...checkpoint(8), prepared }, new Set(['sink']))
    done()

    expect(calls).toEqual(['complete 8 {"sink":["b"]}'])
    expect(writer.committed).toEqual({ sink: ['b'] })
  })

  it('should leave out a checkpoint when a newer one is durable', () => {
    const { calls, done, stored } = attempt()
    const writer = new CheckpointWriter(stored)
    const told: string[] = []
    writer.complete(checkpoint(6), none)
    writer
      .complete(checkpoint(5), none)
      .subscribe({ next: () => told.push('stored'), complete: () => told.push('over') })
    done()
    writer.markCommitted('sink', ['a']).subscribe()

    expect(calls).toEqual(['complete 6 {}', 'mark 6 sink a'])
    expect(told).toEqual(['over'])
  })

  it('should mark once per subscription, and nothing where there is nothing', () => {
    const { calls, stored } = attempt()
    const told: string[] = []
    new CheckpointWriter(stored).markCommitted('sink', ['a']).subscribe({ complete: () => told.push('done') })
    const writer = new CheckpointWriter({
      ...stored,
      restored: { ...checkpoint(1), committed: {} },
      markCommitted: (id) => of(void calls.push(`mark ${id}`)),
    })
    writer.markCommitted('sink', []).subscribe({ complete: () => told.push('done') })
    const mark$ = writer.markCommitted('sink', ['a'])
    expect(calls).toEqual([])
    mark$.subscribe()
    mark$.subscribe()

    expect(calls).toEqual(['mark 1', 'mark 1'])
    expect(told).toEqual(['done', 'done'])
  })
})
