import { describe, expect, it } from '@jest/globals'
import { asapScheduler, defer, type Observable, of } from 'rxjs'
import type { StoredAttempt, StoredCheckpoint } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { CrashableStore } from '../../lib/testing/CrashableStore.js'

const checkpoint = { checkpointId: 1 } as StoredCheckpoint

/** A store that notes what reaches it, in one that can be cut off. */
const crashable = () => {
  const reached: string[] = []
  const answered: string[] = []
  const write = (what: string): Observable<void> =>
    defer(() => {
      reached.push(what)
      return of(undefined)
    })
  const store = new CrashableStore({
    begin: () =>
      of({
        attemptId: '1',
        restored: undefined,
        complete: () => write('complete'),
        markCommitted: () => write('mark'),
        lease: { renew: () => write('renew'), release: () => write('release') },
      }),
  })
  const begin = (): StoredAttempt => {
    let begun: StoredAttempt | undefined
    store.begin().subscribe((attempt) => (begun = attempt))
    return begun!
  }
  const writeAll = (attempt: StoredAttempt): void => {
    const writes = { complete: attempt.complete(checkpoint), mark: attempt.markCommitted(1, 'sink', ['a']) }
    const all = { ...writes, renew: attempt.lease!.renew(), release: attempt.lease!.release() }
    for (const [what, write$] of Object.entries(all)) write$.subscribe(() => answered.push(what))
  }
  return { store, reached, answered, begin, writeAll }
}

describe('CrashableStore', () => {
  it('should pass all that a living attempt writes, and tell of it before and after', () => {
    const { store, reached, answered, begin, writeAll } = crashable()
    const steps: string[] = []
    store.steps$.subscribe((step) => steps.push(step))
    writeAll(begin())
    expect(reached).toEqual(['complete', 'mark', 'renew', 'release'])
    expect(answered).toEqual(reached)
    expect(steps).toEqual([
      'before storing the checkpoint',
      'after storing the checkpoint',
      'before noting the commit',
      'after noting the commit',
    ])
  })

  it('should let nothing of a dead attempt through, the release of its lease neither, and all of the next one', () => {
    const { store, reached, answered, begin, writeAll } = crashable()
    const dead = begin()
    store.cut()
    writeAll(dead)
    expect([...reached, ...answered]).toEqual([])
    writeAll(begin())
    expect(answered).toEqual(['complete', 'mark', 'renew', 'release'])
  })

  it.each([
    ['before', [], []],
    ['after', ['complete'], []],
  ])('should die %s a write', (moment, written, told) => {
    const { store, reached, answered, begin } = crashable()
    const attempt = begin()
    store.steps$.subscribe((step) => {
      if (step.startsWith(moment)) store.cut()
    })
    attempt.complete(checkpoint).subscribe(() => answered.push('complete'))
    expect(reached).toEqual(written)
    expect(answered).toEqual(told)
  })

  it('should let no dead attempt take over', () => {
    const store = new CrashableStore(new MemoryCheckpointStore())
    const began: StoredAttempt[] = []
    const share = { parallelism: 1, subtasks: [0] }
    const begin = () =>
      store.begin({ share, takeOverLater: true, scheduler: asapScheduler }).subscribe((it) => began.push(it))
    begin()
    store.cut()
    const told: string[] = []
    began[0]!.ledger!.takeOver().subscribe(() => told.push('the dead one has taken over'))
    begin()
    began[1]!.ledger!.takeOver().subscribe(() => told.push('the living one has taken over'))
    expect(told).toEqual(['the living one has taken over'])
  })
})
