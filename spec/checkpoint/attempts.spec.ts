import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  concat,
  concatMap,
  defer,
  map,
  merge,
  mergeMap,
  type Observable,
  retry,
  Subject,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import type { CheckpointConfig } from '../../lib/checkpoint/CheckpointConfig.js'
import type { AttemptLedger } from '../../lib/checkpoint/store/AttemptLedger.js'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import type { CheckpointBarrier } from '../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../lib/stream/Restored.js'
import { handSink, type HandSinkOptions } from './support/handSink.js'
import { handSource } from './support/handSource.js'
import { Job, restoredOf, slowStore } from './support/job.js'

const failingAt = (job: Job, ms: number) =>
  timer(ms, job.scheduler).pipe(mergeMap(() => throwError(() => new Error('boom'))))

describe('CheckpointCoordinator: attempts', () => {
  it('should go on from the last completed checkpoint when a pipeline is retried', () => {
    const job = new Job()
    job.run(
      merge(job.pipeline({ count: 30 }), failingAt(job, 245)).pipe(
        retry({ count: 1, delay: () => timer(50, job.scheduler) }),
        takeUntil(timer(600, job.scheduler)),
      ),
    )

    expect(job.until(700).events.filter((event) => event.startsWith('restored'))).toEqual([
      'restored nothing',
      'restored 3',
    ])
    expect(job.book.committed).toEqual(Array.from({ length: 30 }, (_, n) => n))
  })

  it('should go on counting, so that no id of a checkpoint is used for another one', () => {
    const job = new Job()
    const first = job.run(job.pipeline())
    job.at(150, () => {
      first.unsubscribe()
      job.run(job.pipeline())
    })

    expect(job.until(200).events.filter((event) => event.startsWith('barrier'))).toEqual([
      'barrier 1',
      'barrier 2',
      'barrier 17',
    ])
  })

  it('should restore once for all sources of an attempt', () => {
    let begun = 0
    const inner = new MemoryCheckpointStore()
    const store: CheckpointStore = {
      begin: () =>
        defer(() => {
          begun += 1
          return inner.begin()
        }),
    }
    const job = new Job({ store })
    const first = job.run(
      merge(job.pipeline({ uid: 'a' }, { uid: 'sink-a' }), job.pipeline({ uid: 'b' }, { uid: 'sink-b' })),
    )
    job.at(50, () => first.unsubscribe())
    job.at(60, () =>
      job.run(merge(job.pipeline({ uid: 'a' }, { uid: 'sink-a' }), job.pipeline({ uid: 'b' }, { uid: 'sink-b' }))),
    )

    expect(job.until(70).timesOf('restored 1')).toEqual([60, 60])
    expect(begun).toBe(2)
  })

  it('should make who comes back wait until all of a failed attempt have left', () => {
    const job = new Job()
    const retrying = (uid: string, after: number) =>
      merge(job.pipeline({ uid }, { uid: `sink-${uid}` }), after === Infinity ? [] : failingAt(job, after)).pipe(
        retry({ count: 1, delay: () => timer(uid === 'a' ? 0 : 40, job.scheduler) }),
      )
    job.run(retrying('a', 130), 'a')
    job.run(retrying('b', Infinity), 'b')

    expect(job.until(180).log.filter(([, event]) => event.includes('restored'))).toEqual([
      [0, 'a: restored nothing'],
      [0, 'b: restored nothing'],
      [130, 'a: restored 2'],
      [170, 'b: restored 2'],
    ])
  })

  it('should begin nothing for a source that is gone before the store has answered', () => {
    const job = new Job()
    const slow = new Job({ store: slowStore(job.store, { before: 50, scheduler: job.scheduler }) })
    const coordinator = job.coordinatorWith({ store: slow.store })
    const gone = job.run(
      handSource({ coordinator, scheduler: job.scheduler }).pipe(handSink(job.book, { scheduler: job.scheduler })),
    )
    job.at(20, () => gone.unsubscribe())
    job.at(30, () =>
      job.run(
        handSource({ coordinator, scheduler: job.scheduler }).pipe(handSink(job.book, { scheduler: job.scheduler })),
      ),
    )

    // The store is at it until 50, and then begins the second.
    expect(job.until(150).timesOf('restored nothing')).toEqual([100])
  })

  it('should go on without a subtask that has finished, and keep its last state', () => {
    const job = new Job()
    let failed = false
    const failOnce = tap<string>(() => {
      if (failed || job.scheduler.now() <= 300) return
      failed = true
      throw new Error('no longer')
    })
    const again = retry<string>({ count: 3, delay: 1 })
    job.run(job.pipeline({ subtaskIndex: 0, parallelism: 2, count: 100 }).pipe(failOnce, again), '0')
    job.run(job.pipeline({ subtaskIndex: 1, parallelism: 2, count: 3 }).pipe(again), '1')
    job.until(10_000)

    expect(job.events).toContain('1: done')
    expect(job.events.at(-1)).toBe('0: done')
    expect(restoredOf(job.store, 2)?.states).toMatchObject({ source: [expect.anything(), expect.anything()] })
  })

  it('should not take an attempt of its own, left while it began, for one that has superseded it', () => {
    const inner = new MemoryCheckpointStore()
    const clock = new Job()
    const store = slowStore(inner, { after: 50, scheduler: clock.scheduler })
    const coordinator = clock.coordinatorWith({ store })
    const run = () => clock.run(clock.pipeline({ coordinator }))
    const first = run()
    clock.at(60, () => {
      first.unsubscribe()
      const second = run()
      clock.at(20, () => {
        second.unsubscribe()
        run()
      })
    })

    const { events } = clock.until(200)
    expect(events.filter((event) => !event.startsWith('barrier'))).toEqual(['restored nothing', 'restored 1'])
  })

  it('should take its first checkpoint when it has taken over, though the store takes its time', () => {
    const clock = new Job()
    const { scheduler } = clock
    const slow = <A>(call: Observable<A>): Observable<A> => timer(5, scheduler).pipe(concatMap(() => call))
    const inner = memoryStorage()
    const store = checkpointStoreOn({
      list: (prefix) => slow(inner.list(prefix)),
      read: (key) => slow(inner.read(key)),
      create: (key, text) => slow(inner.create(key, text)),
      write: (key, text) => slow(inner.write(key, text)),
      delete: (key) => slow(inner.delete(key)),
    })
    const process = (name: string) => clock.run(clock.pipeline({ coordinator: clock.coordinatorWith({ store }) }), name)
    process('first')
    clock.at(250, () => process('second'))

    expect(clock.until(500).events).toEqual([
      ...[
        'first: restored nothing',
        'first: barrier 1',
        'first: completed 1',
        'first: barrier 2',
        'first: completed 2',
      ],
      ...['first: barrier 3', 'second: restored 3', 'second: barrier 17', 'second: completed 17'],
      ...['first: aborted 3', 'first: Superseded', 'second: barrier 18', 'second: completed 18'],
    ])
  })

  it.each<[string, Partial<HandSinkOptions>]>([
    ['with transactions', {}],
    ['without', { snapshot: (barrier) => barrier.snapshot('sink', {}) }],
  ])('should be the one that is stopped, behind one that has ended, %s', (_, sink) => {
    const job = new Job()
    job.run(concat(job.pipeline({ count: 3 }, sink), job.pipeline({}, sink)))
    job.at(300, () => job.run(job.coordinator.stopWithSavepoint({ drain: false }), 'stop'))

    expect(job.until(2000).events.filter((event) => event.startsWith('stop'))).toEqual([
      expect.stringContaining('"savepoint":true'),
      'stop: done',
    ])
  })

  it('should show that it lives, so that no one changes the parallelism meanwhile', () => {
    const job = new Job()
    const first = job.run(job.pipeline(), 'one of one')
    const change = (name: string) =>
      job.run(
        job.pipeline({ coordinator: job.coordinatorWith({}), parallelism: 2 }).pipe(map((event) => event.slice(0, 8))),
        name,
      )
    job.at(20_000, () => change('too soon'))
    job.at(30_000, () => first.unsubscribe())
    job.at(30_001, () => change('then'))

    const events = job.until(40_000).log.filter(([, event]) => /^too soon|^then: restored/.test(event))
    expect(events).toEqual([
      [22_000, 'too soon: Rescale'],
      [30_001, 'then: restored'],
    ])
  })

  it('should let the store forget ids that no checkpoint needs any more, 32 at a time', () => {
    const released: number[] = []
    const inner = new MemoryCheckpointStore()
    const counted = (ledger: AttemptLedger): AttemptLedger => ({
      ...ledger,
      release: (below) => {
        released.push(below)
        return ledger.release(below)
      },
    })
    const store: CheckpointStore = {
      begin: (request) =>
        inner.begin(request).pipe(map((attempt) => ({ ...attempt, ledger: counted(attempt.ledger!) }))),
    }
    const job = new Job({ interval: 10, store })
    job.run(job.pipeline())

    expect([job.until(1_000).timesOf(/^barrier/).length, released]).toEqual([101, [32, 64, 96]])
  })

  it('should say once to the store that all transactions of former attempts are ended', () => {
    let settled = 0
    const inner = new MemoryCheckpointStore()
    const counted = (ledger: AttemptLedger): AttemptLedger => ({
      ...ledger,
      settled: () => {
        settled++
        return ledger.settled()
      },
    })
    const store: CheckpointStore = {
      begin: (request) =>
        inner.begin(request).pipe(map((attempt) => ({ ...attempt, ledger: counted(attempt.ledger!) }))),
    }
    const job = new Job({ interval: 10, store })
    job.run(job.pipeline())

    expect([job.until(100).timesOf(/^barrier/).length, settled]).toEqual([11, 1])
  })

  it.each([
    ['when their sinks have joined', 20, 80],
    ['when it is known that one of them does not join', Infinity, 90],
  ])('should decide about prepared transactions %s', (_, joinsAfter, decidedAt) => {
    const job = new Job()
    const prepared = {
      snapshot: (barrier: CheckpointBarrier) => barrier.snapshot('sink-b', {}, [{ id: 't', checkpointId: 1 }]),
    }
    const first = job.run(merge(job.pipeline({ uid: 'a' }, { uid: 'sink-a' }), job.pipeline({ uid: 'b' }, prepared)))
    job.at(50, () => first.unsubscribe())
    const join = (restored: Restored, uid: string) =>
      restored.twoPhaseCommit!.join(uid, uid).inheritance$.subscribe(() => job.say(`${uid} may decide`))
    const a = { uid: 'sink-a', onRestored: (restored: Restored) => void join(restored, 'sink-a') }
    const b = {
      uid: 'sink-b',
      onRestored: (restored: Restored) => {
        if (joinsAfter < Infinity) job.at(joinsAfter, () => join(restored, 'sink-b'))
      },
    }
    job.at(60, () => job.run(merge(job.pipeline({ uid: 'a' }, a), job.pipeline({ uid: 'b', readyAfter: 30 }, b))))

    expect(job.until(100).timesOf('sink-a may decide')).toEqual([decidedAt])
  })

  describe('state that nobody asks for', () => {
    const run = (settings: Partial<CheckpointConfig>, uid = 'other') => {
      const store = new MemoryCheckpointStore()
      const job = new Job({ store, ...settings })
      const first = job.run(job.pipeline())
      job.at(50, () => first.unsubscribe())
      job.at(60, () => job.run(job.pipeline({}, { uid })))
      job.until(100)
      return { job, store }
    }

    it('should be an error, found before a checkpoint without it is stored', () => {
      const { job, store } = run({})

      expect(job.events.slice(-2)).toEqual(['aborted 17', 'NonRestoredState'])
      expect(restoredOf(store)).toMatchObject({ checkpointId: 1, states: { sink: [{ pending: [] }] } })
    })

    it('should be dropped when that is allowed', () => {
      const { job, store } = run({ allowNonRestoredState: true })

      expect(job.events.at(-1)).toBe('completed 17')
      expect(Object.keys(restoredOf(store)?.states ?? {})).toEqual(['source', 'other'])
    })

    it('should be asked for by the first checkpoint only', () => {
      const job = new Job()
      const first = job.run(job.pipeline({}, { snapshot: (barrier) => barrier.snapshot('window', {}) }))
      job.at(50, () => first.unsubscribe())
      const once = (barrier: CheckpointBarrier) => barrier.checkpointId === 17 && barrier.snapshot('window', {})
      job.at(60, () => job.run(job.pipeline({}, { snapshot: once })))

      expect(job.until(180).timesOf(/completed/)).toEqual([0, 60, 160])
    })

    it('should be no error when it is asked for', () => {
      expect(run({}, 'sink').job.events.at(-1)).toBe('completed 17')
    })
  })

  it('should give statesOf of all subtasks to each, and stateOf its own', () => {
    const store = new MemoryCheckpointStore()
    const job = new Job({ store })
    const both = job.run(
      merge(
        job.pipeline({ parallelism: 3, subtaskIndex: 0, every: 10 }, { uid: 'x' }),
        job.pipeline({ parallelism: 3, subtaskIndex: 2, every: 20 }, { uid: 'x' }),
      ),
    )
    job.at(150, () => both.unsubscribe())
    const seen: unknown[] = []
    job.at(160, () =>
      job.run(
        job.pipeline(
          { parallelism: 3, subtaskIndex: 2 },
          {
            uid: 'x',
            onRestored: (restored) =>
              seen.push(
                restored.stateOf('source'),
                restored.stateOf('gone'),
                restored.statesOf('source'),
                restored.checkpointing,
              ),
          },
        ),
      ),
    )
    job.until(165)

    expect(seen).toEqual([
      { next: 5 },
      undefined,
      [{ next: 10 }, { next: 5 }],
      { interval: 100, timeout: 600000, maxConcurrent: 1 },
    ])
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
          const store = new MemoryCheckpointStore()
          const job = new Job({ store })
          const { scheduler, book } = job
          const start = (kill: number): void => {
            const coordinator = job.coordinatorWith({
              interval,
              maxConcurrent,
              store: slowStore(store, { before, after, scheduler }),
            })
            const killed = new Subject<void>()
            job.run(
              handSource({ coordinator, scheduler, count: 40, readyAfter, every: 7 }).pipe(
                handSink(book, { scheduler, acknowledgeAfter }),
                takeUntil(killed),
              ),
              `${kill}`,
            )
            const next = kills[kill]
            if (next === undefined) return
            job.at(next.after, () => {
              start(kill + 1)
              job.at(next.zombie, () => killed.next())
            })
          }
          start(0)
          job.until(100_000)

          expect(book.committed).toEqual(Array.from({ length: 40 }, (_, n) => n))
        },
      ),
      { numRuns: 100 },
    )
  })
})
