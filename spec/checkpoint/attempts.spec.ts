import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  map,
  merge,
  type Observable,
  retry,
  Subject,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs'
import type { AttemptLedger } from '../../lib/checkpoint/store/AttemptLedger.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../lib/stream/Restored.js'
import { runMarbles } from '../../lib/testing/runMarbles.js'
import { type HandSinkOptions, ledger } from './support/handSink.js'
import { restoredOf } from './support/begun.js'
import { type Job, jobOf, letters, slowStore, tagged } from './support/job.js'

/** Two pipelines of one job, each with a sink of its own. */
const pipelines = ({ pipeline }: Job) =>
  [pipeline({ uid: 'a' }, { uid: 'sink-a' }), pipeline({ uid: 'b' }, { uid: 'sink-b' })] as const

const restores = filter((event: string) => event.startsWith('restored'))

const numbersTo = (end: number) => Array.from({ length: end }, (_, n) => n)

/** A store whose ledgers tell what they are asked. */
const storeWith = (tell: (ledger: AttemptLedger) => Partial<AttemptLedger>): CheckpointStore => {
  const inner = new MemoryCheckpointStore()
  return {
    begin: (request) =>
      inner
        .begin(request)
        .pipe(map((attempt) => ({ ...attempt, ledger: { ...attempt.ledger!, ...tell(attempt.ledger!) } }))),
  }
}

describe('CheckpointCoordinator: attempts', () => {
  it('should go on from the last completed checkpoint when a pipeline is retried', () => {
    runMarbles({ until: 700 }, ({ cold, expectObservable, flush, ...helpers }) => {
      const { pipeline, committed } = jobOf(helpers)
      const failing$ = merge(pipeline({ count: 30 }), cold('245ms #'))
      const retried$ = failing$.pipe(retry({ count: 1, delay: () => timer(50) }))
      const table = { ...letters, F: 'barrier 19 finished' }
      expectObservable(retried$, '^ 499ms !').toBe('(R1a) 95ms (2b) 96ms (3c) 91ms (t7g) 95ms (8h)------(MFi)', table)
      flush()
      expect(committed).toEqual(numbersTo(30))
    })
  })

  it('should go on counting, so that no id of a checkpoint is used for another one', () => {
    runMarbles({ until: 200 }, ({ expectObservable, ...helpers }) => {
      const { pipeline } = jobOf(helpers)
      expectObservable(pipeline(), '^ 149ms !').toBe('(R1a) 95ms (2b)', letters)
      expectObservable(pipeline(), '150ms  ^').toBe(' 150ms      (s7g)', letters)
    })
  })

  it('should restore once for all sources of an attempt', () => {
    runMarbles({ until: 70 }, ({ expectObservable, flush, ...helpers }) => {
      let begun = 0
      const inner = new MemoryCheckpointStore()
      const begin = () =>
        defer(() => {
          begun += 1
          return inner.begin()
        })
      const job = jobOf(helpers, { store: { begin } })
      expectObservable(merge(...pipelines(job)), '^ 49ms !').toBe('(RR11aa)', letters)
      expectObservable(merge(...pipelines(job)), '60ms   ^').toBe('60ms (rr77gg)', letters)
      flush()
      expect(begun).toBe(2)
    })
  })

  it('should make who comes back wait until all of a failed attempt have left', () => {
    runMarbles({ until: 235 }, ({ cold, expectObservable, ...helpers }) => {
      const [a$, b$] = pipelines(jobOf(helpers, { allowNonRestoredState: true }))
      const again = (wait: number) => retry<string>({ count: 1, delay: () => timer(wait) })
      const failing$ = merge(a$, cold('130ms #')).pipe(again(0))
      const healthy$ = b$.pipe(again(40))
      expectObservable(failing$).toBe('(R1a) 95ms (2b) 26ms (s7g) 95ms (8h)', letters)
      expectObservable(healthy$).toBe('(R1a) 95ms (2b) 66ms s     59ms (8h)', letters)
    })
  })

  it('should begin nothing for a source that is gone before the store has answered', () => {
    runMarbles({ until: 150 }, ({ expectObservable, ...helpers }) => {
      const { scheduler } = helpers
      const { pipeline } = jobOf(helpers, { store: slowStore(new MemoryCheckpointStore(), { before: 50, scheduler }) })
      expectObservable(pipeline(), '^ 19ms !').toBe('-')
      // The store is at it until 50, and then begins the second.
      expectObservable(pipeline(), '30ms  ^').toBe('100ms (R7) 46ms g', letters)
    })
  })

  it('should go on without a subtask that has finished, and keep its last state', () => {
    runMarbles({ until: 10_000 }, ({ expectObservable, flush, ...helpers }) => {
      const store = new MemoryCheckpointStore()
      const { pipeline } = jobOf(helpers, { store })
      let failed = false
      const failOnce = tap<string>(() => {
        if (failed || helpers.scheduler.now() <= 300) return
        failed = true
        throw new Error('no longer')
      })
      const again = retry<string>({ count: 3, delay: 1 })
      const zero$ = pipeline({ subtaskIndex: 0, parallelism: 2, count: 100 }).pipe(failOnce, again, restores)
      const one$ = pipeline({ subtaskIndex: 1, parallelism: 2, count: 3 }).pipe(again, restores)
      expectObservable(zero$).toBe('R 340ms S 769ms |', { ...letters, S: 'restored 4' })
      expectObservable(one$).toBe(' R 39ms |', letters)
      flush()
      expect(restoredOf(store, 2)?.states).toMatchObject({ source: [expect.anything(), expect.anything()] })
    })
  })

  it('should not take an attempt of its own, left while it began, for one that has superseded it', () => {
    runMarbles({ until: 200 }, ({ expectObservable, ...helpers }) => {
      const { scheduler } = helpers
      const { pipeline } = jobOf(helpers, { store: slowStore(new MemoryCheckpointStore(), { after: 50, scheduler }) })
      expectObservable(pipeline(), '^ 59ms !       ').toBe('50ms (R1)', letters)
      expectObservable(pipeline(), '60ms ^ 19ms !  ').toBe('-')
      expectObservable(pipeline(), '80ms        ^  ').toBe('160ms (rT)', { ...letters, T: 'barrier 33' })
    })
  })

  it('should take its first checkpoint when it has taken over, though the store takes its time', () => {
    runMarbles({ until: 500 }, ({ expectObservable, ...helpers }) => {
      const slow = <A>(call: Observable<A>): Observable<A> => timer(5).pipe(concatMap(() => call))
      const inner = memoryStorage()
      const book = ledger()
      const store = checkpointStoreOn({
        list: (prefix) => slow(inner.list(prefix)),
        read: (key) => slow(inner.read(key)),
        create: (key, text) => slow(inner.create(key, text)),
        write: (key, text) => slow(inner.write(key, text)),
        delete: (key) => slow(inner.delete(key)),
      })
      const process$ = () => jobOf(helpers, { store }, book).pipeline()
      expectObservable(process$()).toBe(
        '80ms (R1)------a 89ms 2---------b 89ms 3 119ms (C#)',
        letters,
        tagged('Superseded'),
      )
      expectObservable(process$(), '250ms ^').toBe(
        '                                  330ms t 34ms 7---------g 89ms 8---------h',
        letters,
      )
    })
  })

  it.each<[string, Partial<HandSinkOptions>]>([
    ['with transactions', {}],
    ['without', { snapshot: (barrier) => barrier.snapshot('sink', {}) }],
  ])('should be the one that is stopped, behind one that has ended, %s', (_, sink) => {
    runMarbles({ until: 2000 }, ({ cold, expectObservable, ...helpers }) => {
      const { pipeline, coordinator } = jobOf(helpers)
      const stop$ = cold('300ms (x|)').pipe(switchMap(() => coordinator.stopWithSavepoint({ drain: false })))
      const table = { ...letters, F: 'barrier 2 finished', T: 'barrier 20 suspend', j: 'completed 20' }
      expectObservable(concat(pipeline({ count: 3 }, sink), pipeline({}, sink))).toBe(
        '(R1a) 35ms (MFbs7g) 92ms (8h) 96ms (9i) 56ms (Tj|)',
        table,
      )
      expectObservable(stop$).toBe('300ms (s|)', { s: expect.objectContaining({ savepoint: true }) })
    })
  })

  it('should show that it lives, so that no one changes the parallelism meanwhile', () => {
    runMarbles({ until: 40_000 }, ({ expectObservable, ...helpers }) => {
      const restored$ = (parallelism: number) => jobOf(helpers).pipeline({ parallelism }).pipe(restores)
      expectObservable(restored$(1), '^     29999ms   !').toBe('R', letters)
      expectObservable(restored$(2), '20s   ^         ').toBe('22s #', {}, tagged('Rescale'))
      expectObservable(restored$(2), '30001ms          ^').toBe('30001ms S', { S: expect.stringMatching(/^restored/) })
    })
  })

  it('should let the store forget ids that no checkpoint needs any more, a block at a time', () => {
    runMarbles({ until: 1_000 }, ({ expectObservable, ...helpers }) => {
      const released$ = new Subject<number>()
      const store = storeWith((ledger) => ({
        release: (blocks) => {
          for (const { last } of blocks) released$.next(last)
          return ledger.release(blocks)
        },
      }))
      const { pipeline } = jobOf(helpers, { interval: 10, store })
      const last = { a: 16, b: 32, c: 48, d: 64, e: 80, f: 96 }
      expectObservable(released$).toBe('160ms a 159ms b 159ms c 159ms d 159ms e 159ms f', last)
      let barriers = 0
      helpers.run(pipeline().pipe(tap((event) => event.startsWith('barrier') && barriers++)))
      helpers.flush()
      expect(barriers).toBe(101)
    })
  })

  it('should say once to the store that all transactions of former attempts are ended', () => {
    runMarbles({ until: 100 }, ({ expectObservable, ...helpers }) => {
      const settled$ = new Subject<string>()
      const store = storeWith((ledger) => ({
        settled: () => {
          settled$.next('s')
          return ledger.settled()
        },
      }))
      const { pipeline } = jobOf(helpers, { interval: 10, store })
      const barriers$ = pipeline().pipe(
        filter((event) => event.startsWith('barrier')),
        map(() => 'b'),
      )
      expectObservable(settled$).toBe('s')
      expectObservable(barriers$).toBe(
        'b---------b---------b---------b---------b---------b---------b---------b---------b---------b---------b',
      )
    })
  })

  it.each([
    ['when their sinks have joined', '20ms x', '80ms (ab)'],
    ['when it is known that one of them does not join', '-', '90ms a'],
  ])('should decide about prepared transactions %s', (_, joins, decision) => {
    runMarbles({ until: 100 }, ({ cold, expectObservable, ...helpers }) => {
      const { pipeline } = jobOf(helpers)
      const decided$ = new Subject<string>()
      const prepared = {
        snapshot: (barrier: CheckpointBarrier) => barrier.snapshot('sink-b', {}, [{ id: 't', checkpointId: 1 }]),
      }
      const first$ = merge(pipeline({ uid: 'a' }, { uid: 'sink-a' }), pipeline({ uid: 'b' }, prepared))
      const join = ({ twoPhaseCommit }: Restored, uid: string) =>
        twoPhaseCommit!.join(uid, uid).inheritance$.subscribe(() => decided$.next(uid))
      const a = { uid: 'sink-a', onRestored: (restored: Restored) => void join(restored, 'sink-a') }
      const b = {
        uid: 'sink-b',
        onRestored: (restored: Restored) => void cold(joins).subscribe(() => join(restored, 'sink-b')),
      }
      const second$ = merge(pipeline({ uid: 'a' }, a), pipeline({ uid: 'b', readyAfter: 30 }, b))
      expectObservable(first$, '^ 49ms !').toBe('(RR11aa)', letters)
      expectObservable(second$, '60ms    ^').toBe('60ms (rr) 26ms (77gg)', letters)
      expectObservable(decided$).toBe(decision, { a: 'sink-a', b: 'sink-b' })
    })
  })

  describe('state that nobody asks for', () => {
    it('should be an error, found before a checkpoint without it is stored', () => {
      runMarbles({ until: 100 }, ({ expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline } = jobOf(helpers, { store })
        expectObservable(pipeline(), '^ 49ms !').toBe('(R1a)', letters)
        expectObservable(pipeline({}, { uid: 'other' }), '60ms ^').toBe(
          '60ms (r7G#)',
          letters,
          tagged('NonRestoredState'),
        )
        flush()
        expect(restoredOf(store)).toMatchObject({ checkpointId: 1, states: { sink: [{ pending: [] }] } })
      })
    })

    it('should be dropped when that is allowed', () => {
      runMarbles({ until: 100 }, ({ expectObservable, flush, ...helpers }) => {
        const store = new MemoryCheckpointStore()
        const { pipeline } = jobOf(helpers, { store, allowNonRestoredState: true })
        expectObservable(pipeline(), '^ 49ms !').toBe('(R1a)', letters)
        expectObservable(pipeline({}, { uid: 'other' }), '60ms ^').toBe('60ms (r7g)', letters)
        flush()
        expect(Object.keys(restoredOf(store)?.states ?? {})).toEqual(['source', 'other'])
      })
    })

    it('should be asked for by the first checkpoint only', () => {
      runMarbles({ until: 180 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        const always = (barrier: CheckpointBarrier) => barrier.snapshot('window', {})
        const once = (barrier: CheckpointBarrier) => barrier.checkpointId === 17 && barrier.snapshot('window', {})
        expectObservable(pipeline({}, { snapshot: always }), '^ 49ms !').toBe('(R1a)', letters)
        expectObservable(pipeline({}, { snapshot: once }), '  60ms   ^').toBe('60ms (r7g) 95ms (8h)', letters)
      })
    })

    it('should be no error when it is asked for', () => {
      runMarbles({ until: 100 }, ({ expectObservable, ...helpers }) => {
        const { pipeline } = jobOf(helpers)
        expectObservable(pipeline(), '^ 49ms !').toBe('(R1a)', letters)
        expectObservable(pipeline(), '60ms   ^').toBe('60ms (r7g)', letters)
      })
    })
  })

  it('should give statesOf of all subtasks to each, and stateOf its own', () => {
    runMarbles({ until: 165 }, ({ expectObservable, flush, ...helpers }) => {
      const { pipeline } = jobOf(helpers)
      const subtask = (subtaskIndex: number, every: number) =>
        pipeline({ parallelism: 3, subtaskIndex, every }, { uid: 'x' })
      const seen: unknown[] = []
      const onRestored = (restored: Restored) =>
        seen.push(
          restored.stateOf('source'),
          restored.stateOf('gone'),
          restored.statesOf('source'),
          restored.checkpointing,
        )
      const again$ = pipeline({ parallelism: 3, subtaskIndex: 2 }, { uid: 'x', onRestored })
      expectObservable(subtask(0, 10), '^ 149ms !').toBe('(R1a) 95ms (2b)', letters)
      expectObservable(subtask(2, 20), '^ 149ms !').toBe('(R1a) 95ms (2b)', letters)
      expectObservable(again$, '160ms           ^').toBe('160ms      s', letters)
      flush()
      expect(seen).toEqual([
        { next: 5 },
        undefined,
        [{ next: 10 }, { next: 5 }],
        { interval: 100, timeout: 600000, maxConcurrent: 1 },
      ])
    })
  })

  /**
   * Kills at any time: a *crash* starts a fresh coordinator on the same store, while the old one goes on as a zombie for a
   * while. Sources and sinks, acknowledgements and the store take their time. No record may be lost or doubled.
   */
  it('should lose and double nothing, whenever it is killed', () => {
    const delays = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(
        fc.record({
          interval: fc.integer({ min: 5, max: 80 }),
          maxConcurrent: fc.integer({ min: 1, max: 3 }),
          acknowledgeAfter: delays,
          before: delays,
          after: delays,
          readyAfter: delays,
          kills: fc.array(
            fc.record({
              after: fc.integer({ min: 0, max: 250 }),
              zombie: fc.integer({ min: 0, max: 200 }),
              own: fc.boolean(),
            }),
            { maxLength: 8 },
          ),
        }),
        ({ interval, maxConcurrent, acknowledgeAfter, before, after, readyAfter, kills }) => {
          runMarbles({ until: 100_000 }, ({ flush, run, ...helpers }) => {
            const { scheduler } = helpers
            const inner = new MemoryCheckpointStore()
            const book = ledger()
            const start = (kill: number): void => {
              const store = slowStore(inner, { before, after, scheduler })
              const { pipeline } = jobOf(helpers, { interval, maxConcurrent, store }, book)
              const killed$ = new Subject<unknown>()
              run(
                pipeline({ count: 40, readyAfter, every: 7 }, { acknowledgeAfter }).pipe(
                  // What becomes of a zombie does not matter.
                  catchError(() => EMPTY),
                  takeUntil(killed$),
                ),
              )
              const next = kills[kill]
              if (next === undefined) return
              timer(next.after).subscribe(() => {
                start(kill + 1)
                timer(next.zombie).subscribe(killed$)
              })
            }
            start(0)
            flush()
            expect(book.committed).toEqual(numbersTo(40))
          })
        },
      ),
      { numRuns: 100 },
    )
  })
})
