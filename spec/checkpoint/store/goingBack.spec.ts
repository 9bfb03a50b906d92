import { describe, it } from '@jest/globals'
import { defer, delay, forkJoin, map, type Observable, type SchedulerLike, timer } from 'rxjs'
import { checkpointStoreOn } from '../../../lib/checkpoint/store/checkpointStoreOn.js'
import type { CheckpointStore, StoredAttempt } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { memoryStorage } from '../../../lib/checkpoint/store/memoryStorage.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'
import { begun } from '../support/begun.js'

type Step = (attempt: StoredAttempt) => Observable<void>

/** A transaction is named after its sink and the checkpoint that prepared it: `a3`. */
const checkpoint =
  (checkpointId: number, ...transactions: readonly string[]): Step =>
  (attempt) => {
    const prepared: Record<string, { id: string; checkpointId: number; subtaskIndex: number }[]> = {}
    for (const id of transactions)
      (prepared[id[0]!] ??= []).push({ id, checkpointId: Number(id.slice(1)), subtaskIndex: 0 })
    return attempt.complete({
      ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1 },
      ...{ states: { source: [checkpointId] }, committed: {}, prepared },
    })
  }

const marked =
  (checkpointId: number, id: string): Step =>
  (attempt) =>
    attempt.markCommitted(checkpointId, id[0]!, [id])

const whole = { parallelism: 1, subtasks: [0] }

/** Attempts in the time of a picture that have done this, one after another, in a store that answers at once; then the next one. */
const nextAfter = (store: CheckpointStore, scheduler: SchedulerLike, ...attempts: readonly (readonly Step[])[]) => {
  for (const steps of attempts) {
    const attempt = begun(store, { share: whole, scheduler })
    for (const step of steps) step(attempt).subscribe()
  }
  return begun(store, { share: whole, scheduler })
}

/** What a start goes on from, and what is visible of it. */
const restored = (store: CheckpointStore, scheduler: SchedulerLike, share = whole) =>
  defer(() => store.begin({ share, scheduler })).pipe(
    map(({ restored: from }) => from && { checkpointId: from.checkpointId, committed: from.committed }),
  )

const goesBack = { t: true, f: false }

describe('what a job goes back to when a transaction is dead', () => {
  it('should be the checkpoint before it, with its marks', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const store = new MemoryCheckpointStore()
      const first = [checkpoint(1, 'a1'), marked(1, 'a1'), checkpoint(2, 'a2', 'b2')]
      const { ledger } = nextAfter(store, scheduler, first)
      expectObservable(ledger!.newestBefore(0, 2)).toBe('(e|)', { e: { checkpointId: 1, committedAfter: false } })
      expectObservable(ledger!.goBack(new Map([[0, 2]])), '1s ^').toBe('1s (t|)', goesBack)
      expectObservable(restored(store, scheduler), '        2s ^').toBe('2s (r|)', {
        r: { checkpointId: 1, committed: { a: ['a1'] } },
      })
    })
  })

  it('should be the checkpoint that the attempt before started from, when it has none before it itself', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const steps = [[checkpoint(1, 'a1'), checkpoint(2, 'a2')], [checkpoint(17, 'a2', 'a17')]]
      const { ledger } = nextAfter(new MemoryCheckpointStore(), scheduler, ...steps)
      const table = { a: { checkpointId: 1, committedAfter: false }, b: { checkpointId: 2, committedAfter: false } }
      expectObservable(ledger!.newestBefore(0, 17)).toBe('(b|)', table)
      expectObservable(ledger!.newestBefore(0, 2)).toBe(' (a|)', table)
      expectObservable(ledger!.newestBefore(0, 1)).toBe(' (n|)', { n: undefined })
    })
  })

  it.each<[string, readonly Step[], readonly Step[]]>([
    [
      'in the checkpoint that prepared it',
      [checkpoint(1), checkpoint(2, 'a2', 'b2'), marked(2, 'a2')],
      [checkpoint(17, 'b2')],
    ],
    [
      'in one that nothing starts from any more',
      [checkpoint(1), checkpoint(2, 'a2', 'b2'), marked(2, 'a2'), checkpoint(3, 'b2')],
      [checkpoint(17, 'b2')],
    ],
    [
      'in what an attempt started from, before it had a checkpoint of its own',
      [checkpoint(1), checkpoint(2, 'a2', 'b2')],
      [marked(2, 'a2'), checkpoint(17, 'b2')],
    ],
  ])('should not be what a visible transaction comes after, marked %s', (_, first, second) => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { ledger } = nextAfter(new MemoryCheckpointStore(), scheduler, first, second)
      expectObservable(ledger!.newestBefore(0, 2)).toBe('(e|)', { e: { checkpointId: 1, committedAfter: true } })
    })
  })

  it('should be nothing for an attempt that has a checkpoint of its own: others may rest on it', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const store = new MemoryCheckpointStore()
      const next = nextAfter(store, scheduler, [checkpoint(1, 'a1'), checkpoint(2, 'a2')])
      checkpoint(17, 'a2')(next).subscribe()
      expectObservable(next.ledger!.newestBefore(0, 2)).toBe('(n|)', { n: undefined })
      expectObservable(next.ledger!.goBack(new Map([[0, 2]])), '1s ^').toBe('1s (f|)', goesBack)
      expectObservable(restored(store, scheduler), '             2s ^').toBe('2s (r|)', {
        r: { checkpointId: 17, committed: {} },
      })
    })
  })

  it.each([
    ['some', [0], false],
    ['all', [0, 1], true],
  ])(
    'should, with another parallelism, be open only to a process that has all subtasks: it has %s',
    (_, subtasks, may) => {
      runMarbles(({ scheduler, expectObservable }) => {
        const store = new MemoryCheckpointStore()
        nextAfter(store, scheduler, [checkpoint(1, 'a1'), checkpoint(2, 'a2')])
        const share = { parallelism: 2, subtasks }
        const { ledger } = begun(store, { share, scheduler })
        const base = may ? { checkpointId: 1, committedAfter: false } : undefined
        expectObservable(ledger!.newestBefore(0, 2)).toBe('(e|)', { e: base })
        expectObservable(ledger!.goBack(new Map([[0, 2]])), '1s ^').toBe('1s (m|)', { m: may })
        expectObservable(restored(store, scheduler, share), ' 2s ^').toBe('2s (r|)', {
          r: { checkpointId: may ? 1 : 2, committed: {} },
        })
      })
    },
  )

  it('should be known soon, however many checkpoints wait for the transaction, and however slow the store is', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const storage = memoryStorage()
      const many = Array.from({ length: 199 }, (_, n) => checkpoint(n + 2, 'a2', 'b2'))
      nextAfter(checkpointStoreOn(storage), scheduler, [checkpoint(1), ...many, marked(200, 'b2')])
      let slow = false
      const read = (key: string) => defer(() => (slow ? storage.read(key).pipe(delay(10)) : storage.read(key)))
      const { ledger } = begun(checkpointStoreOn({ ...storage, read }), { share: whole, scheduler })
      slow = true
      // One after another, 200 checkpoints and their marks would take 4 s.
      const soon$ = forkJoin([ledger!.newestBefore(0, 2), timer(400)]).pipe(map(([earlier]) => earlier))
      expectObservable(soon$).toBe('400ms (e|)', { e: { checkpointId: 1, committedAfter: true } })
    })
  })
})
