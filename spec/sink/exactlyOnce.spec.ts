import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import {
  concat,
  defer,
  filter,
  ignoreElements,
  interval,
  map,
  mergeMap,
  merge,
  NEVER,
  type Observable,
  retry,
  Subject,
  switchMap,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { IdBlock } from '../../lib/checkpoint/store/AttemptLedger.js'
import type { CheckpointStore } from '../../lib/checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../lib/checkpoint/store/checkpointStoreOn.js'
import { memoryStorage } from '../../lib/checkpoint/store/memoryStorage.js'
import { MemoryCheckpointStore } from '../../lib/checkpoint/store/MemoryCheckpointStore.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { consoleLogger } from '../../lib/config/consoleLogger.js'
import { Fault } from '../../lib/memory/Fault.js'
import type { SinkEvent } from '../../lib/sink/SinkEvent.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import { encodeWriterState } from '../../lib/sink/writer/KafkaWriterState.js'
import { branch } from '../../lib/stream/branch.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { restoredOf } from '../checkpoint/support/begun.js'
import { copying, type Copying, elementsOf, restored, sinkOf, sourceOf, topics, words } from './support/copying.js'

/** Nothing for a while, then this. */
const after = <T>(ms: number, next: () => Observable<T>): Observable<T> => timer(ms).pipe(switchMap(next))

/** One life after the other. */
const lives = <T>(...all: readonly (() => Observable<T>)[]) => {
  let begun = 0
  return (): Observable<T> => defer(all[begun++]!)
}

/** The letters of the first three transactions of a job. */
const firstThree = {
  o: 'open job-0-1',
  c: 'committed job-0-1',
  n: 'open job-0-2',
  d: 'committed job-0-2',
  m: 'open job-0-3',
  e: 'committed job-0-3',
}

describe('sinkTo with EXACTLY_ONCE', () => {
  const warned = jest.spyOn(console, 'warn')
  beforeEach(() => {
    warned.mockReset().mockImplementation(() => undefined)
  })
  afterEach(() =>
    expect(
      warned.mock.calls.filter(([text]) => !/slow checkpoint|are lost|was used before/.test(String(text))),
    ).toEqual([]),
  )

  /** This one failed, and a warning says so. */
  const expectTimedOut = (checkpointId: number): void => {
    expect(warned).toHaveBeenCalledWith(expect.stringContaining(`Checkpoint ${checkpointId} took longer than 40 ms`))
    warned.mockClear()
  }

  it('should commit the records of each checkpoint as one transaction, and complete with the last', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 50ms b 99ms c 99ms d')
      expectObservable(words(copying(helpers)({ count: 4 }))).toBe('100ms (ab) 96ms (cd) 57ms (ef|)', {
        ...{ a: 'prepared 2', b: 'committed 2', c: 'prepared 3', d: 'committed 3', e: 'prepared 4', f: 'committed 4' },
      })
      expectCommits('out').toBe('100ms x 99ms c 60ms d', { x: ['a', 'b'] })
    })
  })

  it('should name transactions by prefix, subtask and the checkpoint that commits them', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, run, flush, expectTransactions } = helpers
      produce('in', '10ms a 99ms b 99ms c')
      run(copying(helpers)({ count: 3 }))
      expectTransactions('job-').toBe('15ms o 84ms c 14ms n 84ms d---------(me)', firstThree)
      flush()
      const used = kafka.transactions().map(({ transactionalId }) => transactionalId)
      expect(used.filter((id) => !/^job-0-(\d|owner)$/.test(id))).toEqual([])
    })
  })

  it('should use each id once, and have two ready, also when checkpoints are aborted', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, flush, expectObservable, expectTransactions } = helpers
      produce('in', '97ms a 99ms b 99ms c')
      // The second checkpoint cannot be acknowledged in time.
      kafka.inject({ api: 'Produce', nth: 1 }, Fault.delay(60))
      const checkpoints = { tolerableFailures: 9, timeout: 40 }
      expectObservable(words(copying(helpers)({ count: 3, checkpoints }))).toBe('160ms p 39ms (qcd) 92ms (re|)', {
        p: 'prepared 2',
        q: 'prepared 3',
        c: 'committed 2',
        d: 'committed 3',
        r: 'prepared 4',
        e: 'committed 4',
      })
      expectTransactions('job-').toBe('100ms o 99ms (ncd) 92ms (me)', firstThree)
      flush()
      const ids = kafka.transactions().map(({ transactionalId, state }) => `${transactionalId} ${state}`)
      expect(ids).toEqual([
        'job-0-owner Empty',
        ...['job-0-1 CompleteCommit', 'job-0-2 CompleteCommit', 'job-0-3 CompleteCommit'],
        ...['job-0-4 Empty', 'job-0-5 Empty'],
      ])
    })
    expectTimedOut(2)
  })

  it.each([
    ['at the next interval', 100, '100ms (pc|)', '100ms (oc)'],
    ['after a second, where the interval is longer', 300_000, '1040ms (pc|)', '1040ms (oc)'],
  ])(
    'should write nothing before a checkpoint is stored that the job could go back to: the second is tried %s',
    (_, interval, events, transactions) => {
      runMarbles({ topics, until: 10_000 }, (helpers) => {
        const { kafka, produce, expectObservable, expectTransactions } = helpers
        produce('in', '10ms a')
        // The first checkpoint cannot be acknowledged in time.
        kafka.inject({ api: 'DescribeTransactions', nth: 2 }, Fault.delay(60))
        const checkpoints = { tolerableFailures: 9, timeout: 40, interval }
        expectObservable(words(copying(helpers)({ count: 1, checkpoints }))).toBe(events, {
          p: 'prepared 3',
          c: 'committed 3',
        })
        expectTransactions('job-').toBe(transactions, firstThree)
      })
      expectTimedOut(1)
    },
  )

  it('should say what records wait for, when no first checkpoint can be stored', () => {
    runMarbles({ topics, until: 15_000 }, (helpers) => {
      const { kafka, produce, run } = helpers
      produce('in', '10ms a')
      kafka.inject({ api: 'DescribeTransactions', nth: 2 }, Fault.delay(400_000))
      run(copying(helpers)({ checkpoints: { interval: 1_000 } }))
    })
    expect(warned.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^No record is read for 10 s: with an exactly-once sink none leaves its source before a first checkpoint is stored, and none is yet\. sinkTo .*\.$/,
        ),
      ],
    ])
    warned.mockClear()
  })

  it('should write nothing of a source that joins late before a checkpoint holds it', () => {
    runMarbles({ topics: { ...topics, late: 1 }, until: 1_000 }, (helpers) => {
      const { kafka, produce, run, expectTransactions, coordinator, options } = helpers
      produce('in', '10ms a')
      produce('late', '10ms x')
      const checkpoints = coordinator({ interval: 100, timeout: 40, tolerableFailures: 9 })
      run(copying(helpers)({ checkpoints }))
      const late$ = after(150, () => {
        // The first checkpoint with it cannot be stored in time.
        kafka.inject({ api: 'DescribeTransactions', nth: 2 }, Fault.delay(120))
        const elements$ = sourceOf('late').elements({ ...options, checkpoints, uid: 'late' })
        return elements$.pipe(sinkTo(sinkOf({ prefix: 'late' }), { ...options, uid: 'late-sink' }))
      })
      run(late$)
      expectTransactions('late-').toBe('305ms o 94ms c', { o: 'open late-0-1', c: 'committed late-0-1' })
    })
    expectTimedOut(3)
  })

  it('should take no transactional id for a checkpoint without records', () => {
    runMarbles({ topics, until: 1_500 }, (helpers) => {
      const { kafka, produce, run, flush, expectTransactions } = helpers
      produce('in', '350ms a 399ms b 399ms c')
      run(copying(helpers)())
      expectTransactions('job-').toBe('355ms o 44ms c 354ms n 44ms d 354ms m 44ms e', firstThree)
      flush()
      expect(kafka.transactions()).toHaveLength(3 + 4) // the owner, the open one, two ahead
    })
  })

  it('should hide records until their checkpoint is complete', () => {
    runMarbles({ topics, until: 99 }, (helpers) => {
      helpers.produce('in', '10ms a')
      helpers.run(copying(helpers)())
      helpers.expectCommits('out').toBe('-')
      helpers.expectTransactions('job-').toBe('15ms o', { o: 'open job-0-1' })
    })
  })

  it('should go on after an unsubscription, nothing lost or doubled', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, cold, expectCommits, expectTransactions } = helpers
      const copy = copying(helpers)
      produce('in', '10ms a 99ms b 99ms c 29ms d 99ms e')
      run(concat(copy().pipe(takeUntil(cold('255ms x'))), after(45, copy)))
      expectCommits('out').toBe('100ms a 99ms b 199ms x', { x: ['c', 'd', 'e'] })
      expectTransactions('job-').toBe('15ms o 84ms c 14ms n 84ms d 14ms m 39ms x 49ms l 94ms e', {
        o: 'open job-0-1',
        c: 'committed job-0-1',
        n: 'open job-0-2',
        d: 'committed job-0-2',
        m: 'open job-0-3',
        x: 'aborted job-0-3',
        l: 'open job-0-17',
        e: 'committed job-0-17',
      })
    })
  })

  it('should know its commits after an attempt that wrote nothing, and of which nothing but its checkpoint was noted', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, cold, expectCommits } = helpers
      const copy = copying(helpers)
      const store = new MemoryCheckpointStore()
      const forgetful: CheckpointStore = {
        begin: (request) =>
          store.begin(request).pipe(
            map((attempt) => ({
              ...attempt,
              ledger: { ...attempt.ledger!, settled: () => throwError(() => new Error('The disk is full')) },
            })),
          ),
      }
      produce('in', '10ms a 99ms b 499ms c')
      run(
        concat(
          copy({ checkpoints: { store } }).pipe(takeUntil(cold('255ms x'))),
          after(45, () => copy({ checkpoints: { store: forgetful } }).pipe(takeUntil(timer(150)))),
          after(50, () => copy({ checkpoints: { store } })),
        ),
      )
      expectCommits('out').toBe('100ms a 99ms b 499ms c')
    })
  })

  it('should keep the order of records when the next transaction is ready after two that are being flushed', () => {
    runMarbles({ topics, until: 2_000 }, (helpers) => {
      const { kafka, hot, coldElements, upstream, options, flush, expectObservable } = helpers
      kafka.inject({ api: 'Produce', transactionalId: 'job-0-1' }, Fault.delay(200))
      kafka.inject({ api: 'Produce', transactionalId: 'job-0-2' }, Fault.delay(300))
      // The first is flushed by then, the second is not.
      kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-3' }, Fault.hold(hot('300ms r')))
      const elements$ = coldElements('(Ra) 46ms (Bb) 6ms (Bc)', { R: restored(upstream) })
      expectObservable(words(elements$.pipe(sinkTo(sinkOf(), options)))).toBe('205ms p 299ms q', {
        p: 'prepared 1',
        q: 'prepared 2',
      })
      flush()
      expect(kafka.records('out', 'read_uncommitted').map(({ value }) => value)).toEqual(['a', 'b', 'c'])
    })
  })

  it('should let the store forget ids that no transaction of it needs any more', () => {
    runMarbles({ topics, until: 7_050 }, (helpers) => {
      const { kafka, run, expectObservable } = helpers
      const released = new Subject<readonly IdBlock[]>()
      const kept = new MemoryCheckpointStore()
      const store: CheckpointStore = {
        begin: (request) =>
          kept.begin(request).pipe(
            map((attempt) => {
              const ledger = attempt.ledger!
              const release = (blocks: readonly IdBlock[]) => {
                released.next(blocks)
                return ledger.release(blocks)
              }
              return { ...attempt, ledger: { ...ledger, release } }
            }),
          ),
      }
      run(interval(50).pipe(tap((n) => kafka.produce('in', [{ value: String(n) }]))))
      run(copying(helpers)({ checkpoints: { store } }))
      const lasts$ = released.pipe(map((blocks) => blocks.map(({ last }) => last).join()))
      expectObservable(lasts$).toBe('1600ms a 1599ms b 1599ms c 1599ms d', { a: '16', b: '32', c: '48', d: '64' })
    })
  })

  it('should let the store forget the ids of checkpoints while no record comes, but those that its transactions may have', () => {
    runMarbles({ topics, until: 61_000 }, (helpers) => {
      const { kafka, run, expectObservable, flush } = helpers
      const storage = memoryStorage()
      run(copying(helpers)({ checkpoints: { interval: 50, store: checkpointStoreOn(storage) } }))
      run(timer(60_000, 50).pipe(tap((n) => kafka.produce('in', [{ value: String(n) }]))))
      const blocks$ = timer(59_999).pipe(mergeMap(() => storage.list('ids/')))
      expectObservable(blocks$).toBe('59999ms (b|)', {
        b: ['ids/1-16.json', 'ids/1185-1200.json', 'ids/1201-1216.json'],
      })
      flush()
      const used = kafka.transactions().filter(({ state }) => state === 'CompleteCommit')
      const numbers = used.map(({ transactionalId }) => Number(transactionalId.split('-').at(-1)))
      expect(numbers).toEqual([...Array.from({ length: 16 }, (_, n) => n + 1), 1201, 1202, 1203, 1204])
      expect(kafka.records('out', 'read_committed')).toHaveLength(20)
    })
  })

  it('should commit what was prepared when it dies between the stored checkpoint and the commit', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, crashAndRestore, expectObservable, expectCommits } = helpers
      const copy = copying(helpers)
      produce('in', '10ms a 199ms b')
      kafka.inject({ api: 'EndTxn' }, Fault.delay(50))
      expectObservable(words(crashAndRestore(copy, '120ms x'))).toBe('100ms p 19ms c 99ms (qd)', {
        p: 'prepared 2',
        c: 'committed 2',
        q: 'prepared 18',
        d: 'committed 18',
      })
      expectCommits('out').toBe('120ms a 99ms b')
    })
  })

  it.each([1, 2, 3])('should commit what it finds prepared in a state of version %p', (version) => {
    runMarbles({ topics, until: 200 }, (helpers) => {
      const { kafka, coldElements, upstream, options, expectObservable, expectTransactions } = helpers
      const prepared$ = coldElements('(Ra) 36ms B', { R: restored(upstream) })
      const job$ = (elements$: typeof prepared$) => words(elements$.pipe(sinkTo(sinkOf(), options)))
      expectObservable(job$(prepared$), '^ 99ms !').toBe('40ms p', { p: 'prepared 1' })
      const next$ = defer(() => {
        const { producerId, epoch } = kafka.transactions().find(({ transactionalId }) => transactionalId === 'job-0-1')!
        const of = { transactionalIdPrefix: 'job', parallelism: 1, subtaskIndex: 0, checkpointId: 1 }
        const committable = { transactionalId: 'job-0-1', epoch, checkpointId: 1, records: 1 }
        const flat = { ...of, committables: [{ ...committable, producerId: String(producerId) }] }
        const state = {
          1: { version: 1, transactionalIdPrefix: 'job', parallelism: 1, committables: flat.committables },
          2: { version: 2, ...flat, lastNumber: 1 },
          3: encodeWriterState({
            ...{ ...of, committables: [{ ...committable, producerId }] },
            naming: { strategy: 'INCREMENTING' },
          }),
        }[version]
        const marking = {
          ...restored(upstream, 1, { 'sink-job': state }),
          markCommitted: () => timer(0).pipe(ignoreElements()),
        }
        return job$(coldElements('R', { R: marking }))
      })
      expectObservable(after(100, () => next$)).toBe('100ms c', { c: 'committed 1' })
      expectTransactions('job-0-1').toBe('5ms o 94ms c', { o: 'open job-0-1', c: 'committed job-0-1' })
    })
  })

  it('should abort what a former attempt left open, and say so', () => {
    const infos: string[] = []
    const logger = { ...consoleLogger, info: (message: string) => void infos.push(message) }
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, crashAndRestore, expectObservable, expectCommits, expectTransactions } = helpers
      produce('in', '10ms a 99ms b')
      expectObservable(words(crashAndRestore(() => copying(helpers)({ logger }), '155ms x'))).toBe(
        '100ms (pc) 51ms a 99ms (qd)',
        { p: 'prepared 2', c: 'committed 2', a: 'lingeringAborted', q: 'prepared 18', d: 'committed 18' },
      )
      expectTransactions('job-').toBe('15ms o 84ms c 14ms n 39ms x----m 94ms d', {
        o: 'open job-0-1',
        c: 'committed job-0-1',
        n: 'open job-0-2',
        x: 'aborted job-0-2',
        m: 'open job-0-17',
        d: 'committed job-0-17',
      })
      expectCommits('out').toBe('100ms a 154ms b')
    })
    expect(infos).toEqual([
      'The sink of transactional id prefix "job" (subtask 0) has recovered from checkpoint 2: prepared transactions that are committed ' +
        'now: 0; transactions that former attempts had left open, and that are aborted: 1.',
    ])
  })

  /** Two sinks over one stream. */
  const twoSinks = (helpers: MarbleHelpers, settings: Copying = {}, leaves$: Observable<unknown> = NEVER) => {
    const write = (prefix: string) => sinkTo(sinkOf({ ...settings, prefix }), helpers.options)
    return elementsOf(helpers, settings).pipe(
      branch(
        (records$) => records$.pipe(write('job')),
        (records$) => records$.pipe(write('other'), takeUntil(leaves$)),
      ),
    )
  }

  it('should fail soon when a sink leaves the job before it has reported its transactions, and go on with the next start', () => {
    runMarbles({ topics, until: 5_000 }, (helpers) => {
      const { kafka, produce, cold, crashAndRestore, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 999ms b')
      const mend = kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.fail(unavailable()))
      const first = () => twoSinks(helpers)
      const second = () =>
        after(44, () => {
          mend()
          kafka.inject({ api: 'DescribeTransactions', times: 9 }, Fault.hold(cold('700ms x')))
          return twoSinks(helpers, {}, timer(50))
        })
      const left = expect.objectContaining({ _tag: 'SinkLeft', retriable: true })
      expectObservable(crashAndRestore(lives(first, second), '155ms x').pipe(ignoreElements())).toBe(
        '249ms #',
        {},
        left,
      )
      expectObservable(words(after(1_000, () => twoSinks(helpers)))).toBe('2400ms (cc) 1396ms (ppdd)', {
        c: 'committed 2',
        p: 'prepared 34',
        d: 'committed 34',
      })
      expectCommits('out').toBe('2400ms (aa) 1396ms x', { x: ['b', 'b'] })
    })
  })

  describe('with a prepared transaction that has expired', () => {
    const settings = { properties: { 'transaction.timeout.ms': 1000 } }

    /** A job that cannot commit dies after 150 ms, and starts again half a minute later. */
    const afterLongOutage = <T>(
      { kafka, crashAndRestore }: MarbleHelpers,
      first: () => Observable<T>,
      again: () => Observable<T>,
    ): Observable<T> => {
      const plan = { api: 'EndTxn', transactionalId: 'job-0-1', times: Infinity } as const
      const mend = kafka.inject(plan, Fault.fail(unavailable()))
      const next = () => {
        mend()
        return after(30_000 - 150, again)
      }
      return crashAndRestore(lives(first, next), '150ms x')
    }

    it('should go back to the checkpoint before it, and lose nothing', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { produce, expectObservable, expectCommits } = helpers
        const copy = () => copying(helpers)(settings)
        produce('in', '10ms a 99ms b')
        const again = () => copy().pipe(retry({ count: 1, delay: 100 }))
        expectObservable(words(afterLongOutage(helpers, copy, again))).toBe('100ms p 30099ms (qc)', {
          p: 'prepared 2',
          q: 'prepared 34',
          c: 'committed 34',
        })
        expectCommits('out').toBe('30200ms x', { x: ['a', 'b'] })
      })
    })

    it('should say that it goes back, as an error that a retry or the next start mends', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { produce, expectObservable, expectCommits } = helpers
        const copy = () => copying(helpers)(settings)
        produce('in', '10ms a 99ms b')
        const wentBack = expect.objectContaining({
          ...{ _tag: 'WentBack', retriable: true },
          message: expect.stringMatching(
            /A transaction of checkpoint 2 is dead: .* goes back to the checkpoint before it/,
          ),
        })
        expectObservable(words(afterLongOutage(helpers, copy, copy))).toBe(
          '100ms p 29899ms #',
          { p: 'prepared 2' },
          wentBack,
        )
        expectObservable(words(after(32_000, copy))).toBe('32100ms (pc)', { p: 'prepared 34', c: 'committed 34' })
        expectCommits('out').toBe('32100ms x', { x: ['a', 'b'] })
      })
    })

    // The second sink's transaction is committed: to go back would double its records.

    it('should fail, naming what is lost, when records after it are visible', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { produce, expectObservable, expectCommits } = helpers
        const job = () => twoSinks(helpers, settings)
        produce('in', '10ms a 99ms b')
        const lost = expect.objectContaining({
          ...{ _tag: 'TransactionLost', retriable: false, transactionalId: 'job-0-1' },
          message: expect.stringMatching(/^1 records are lost: job-0-1 \(checkpoint 2, 1 records\)/),
        })
        expectObservable(words(afterLongOutage(helpers, job, job))).toBe(
          '100ms (ppc) 29895ms #',
          { p: 'prepared 2', c: 'committed 2' },
          lost,
        )
        expectCommits('out').toBe('30s a')
      })
    })

    it('should go back to the checkpoint in which records are visible already, and lose none of those after it', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { kafka, produce, crashAndRestore, expectObservable, expectCommits } = helpers
        produce('in', '10ms a 99ms b')
        const hung = ['job-0-1', 'job-0-2', 'other-0-2'].map((transactionalId) =>
          kafka.inject({ api: 'EndTxn', transactionalId, times: Infinity }, Fault.fail(unavailable())),
        )
        const job = () => twoSinks(helpers, { ...settings, lostPolicy: 'warn' })
        const again = () => {
          hung.forEach((mend) => mend())
          return after(30_000 - 250, () => job().pipe(retry({ count: 1, delay: 100 })))
        }
        expectObservable(words(crashAndRestore(lives(job, again), '250ms x'))).toBe(
          '100ms (ppc) 95ms (qq) 29896ms l 99ms (rrdd)',
          {
            p: 'prepared 2',
            c: 'committed 2',
            q: 'prepared 3',
            l: 'lost 2',
            r: 'prepared 34',
            d: 'committed 34',
          },
        )
        expectCommits('out').toBe('30s a 199ms x', { x: ['b', 'b'] })
      })
      expect(warned).toHaveBeenCalledWith(expect.stringMatching(/^1 records are lost: job-0-1 \(checkpoint 2/))
    })

    it('should not tell again what is lost, though it dies before its next checkpoint', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { produce, expectObservable } = helpers
        produce('in', '10ms a 99ms b')
        const job = () => twoSinks(helpers, { ...settings, lostPolicy: 'warn' })
        const dies = () => {
          const lost = new Subject<void>()
          const telling = tap<SinkEvent>(({ kind }) => {
            if (kind === 'lost') timer(0).subscribe(() => lost.next())
          })
          return job().pipe(telling, takeUntil(lost))
        }
        const again = () =>
          concat(
            dies(),
            after(1_000, () => twoSinks(helpers, { ...settings, count: 1 })),
          )
        expectObservable(words(afterLongOutage(helpers, job, again))).toBe('100ms (ppc) 29895ms l 999ms (qqdd|)', {
          p: 'prepared 2',
          c: 'committed 2',
          l: 'lost 2',
          q: 'prepared 34',
          d: 'committed 34',
        })
      })
    })

    it('should go on without lost records when told to warn, tell which, and not tell it again', () => {
      runMarbles({ topics, until: 40_000 }, (helpers) => {
        const { produce, expectObservable, expectCommits } = helpers
        produce('in', '10ms a 99ms b 30s c')
        const job = () => twoSinks(helpers, { ...settings, lostPolicy: 'warn' })
        const again = () =>
          concat(
            job().pipe(takeUntil(timer(1_000))),
            after(100, () => twoSinks(helpers, settings)),
          )
        expectObservable(words(afterLongOutage(helpers, job, again))).toBe(
          '100ms (ppc) 29895ms l 99ms (qqdd) 94ms (rree)',
          {
            p: 'prepared 2',
            c: 'committed 2',
            l: 'lost 2',
            q: 'prepared 18',
            d: 'committed 18',
            r: 'prepared 19',
            e: 'committed 19',
          },
        )
        expectCommits('out').toBe('30s a 99ms x 99ms (cc)', { x: ['b', 'b'] })
      })
      expect(warned).toHaveBeenCalledWith(expect.stringMatching(/records are lost: job-0-1 \(checkpoint 2/))
    })
  })

  it('should survive trouble with the coordinator while it commits, for longer than the job would have to know', () => {
    runMarbles({ topics, until: 60_000 }, (helpers) => {
      helpers.produce('in', '10ms a 99ms b')
      helpers.kafka.inject({ api: 'EndTxn', times: 20 }, Fault.fail(unavailable()))
      helpers.expectObservable(words(copying(helpers)({ count: 2 }))).toBe('100ms p---------q 15249ms (cd|)', {
        p: 'prepared 2',
        q: 'prepared 3',
        c: 'committed 2',
        d: 'committed 3',
      })
      helpers.expectCommits('out').toBe('15360ms (ab)')
    })
    expect(warned.mock.calls[0]).toEqual([expect.stringMatching(/^the coordinator is not available It has failed for/)])
    expect(warned.mock.calls.at(-1)).toEqual([expect.stringMatching(/has succeeded, after/)])
    warned.mockClear()
  })

  it('should go on when coordinators do not say for a while how transactions stand', () => {
    runMarbles({ topics, until: 120_000 }, (helpers) => {
      const { kafka, produce, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 99ms b')
      kafka.inject({ api: 'DescribeTransactions', times: 40 }, Fault.fail(unavailable()))
      kafka.inject({ api: 'DescribeTransactions', nth: 45, times: 40 }, Fault.fail(unavailable()))
      // No record leaves the source before the first checkpoint is stored.
      expectObservable(words(copying(helpers)({ count: 2 }))).toBe('34100ms (pc|)', {
        p: 'prepared 3',
        c: 'committed 3',
      })
      expectCommits('out').toBe('34100ms x', { x: ['a', 'b'] })
    })
    expect(warned.mock.calls[0]).toEqual([expect.stringMatching(/^the coordinator is not available It has failed for/)])
    warned.mockClear()
  })

  it('should take another id when the answer to its initialisation is lost, since the request may be carried out late', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, flush, run, expectCommits } = helpers
      produce('in', '10ms a 99ms b 99ms c 99ms d')
      kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-3' }, Fault.loseAnswer())
      kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-5' }, Fault.fail())
      run(copying(helpers)({ count: 4 }))
      expectCommits('out').toBe('100ms a 99ms b 99ms c---------d')
      flush()
      const states = new Map(kafka.transactions().map(({ transactionalId, state }) => [transactionalId, state]))
      expect([2, 3, 4, 5, 6].map((number) => states.get(`job-0-${number}`))).toEqual([
        ...['CompleteCommit', 'Empty', 'CompleteCommit', 'Empty', 'CompleteCommit'],
      ])
    })
  })

  it('should not double what it committed when the answer to a commit is lost', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { kafka, produce, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 99ms b')
      kafka.inject({ api: 'EndTxn', nth: 1 }, Fault.loseAnswer())
      expectObservable(words(copying(helpers)({ count: 2 }))).toBe('100ms p---------q---------(cd|)', {
        p: 'prepared 2',
        q: 'prepared 3',
        c: 'committed 2',
        d: 'committed 3',
      })
      expectCommits('out').toBe('100ms a 19ms b')
    })
  })

  describe('with a subtask that has finished while another one goes on', () => {
    const two = { topics: { in: 2, out: 1 } }

    /** One has three records, the other one every 10 ms. */
    const twoSubtasks = (
      helpers: MarbleHelpers,
      between: (events$: Observable<SinkEvent>) => Observable<SinkEvent>,
    ) => {
      const { kafka, run, coordinator } = helpers
      const store = new MemoryCheckpointStore()
      const checkpoints = coordinator({ interval: 100, store })
      for (const partition of [0, 1])
        run(interval(10).pipe(tap((n) => kafka.produce('in', [{ partition, value: String(n) }]))))
      const subtask = (subtaskIndex: number, count: number) =>
        between(copying(helpers)({ checkpoints, subtaskIndex, parallelism: 2, count }))
      return { store, checkpoints, job$: merge(subtask(0, 3), subtask(1, Infinity)) }
    }

    it('should answer a stop, also when the other one was retried without it', () => {
      runMarbles({ ...two, until: 3_000 }, (helpers) => {
        const { run, flush, expectObservable } = helpers
        let failed = false
        const failOnce = tap<SinkEvent>(() => {
          if (failed || helpers.scheduler.now() < 400) return
          failed = true
          throw new Error('once')
        })
        const { store, checkpoints, job$ } = twoSubtasks(helpers, (events$) =>
          events$.pipe(failOnce, retry({ delay: () => timer(50) })),
        )
        run(job$)
        const stopped$ = after(1000, () => checkpoints.stopWithSavepoint({ drain: false }))
        expectObservable(stopped$).toBe('1s (s|)', { s: expect.objectContaining({ savepoint: true }) })
        flush()
        expect(failed).toBe(true)
        const savepoint = restoredOf(store, 2)
        const held = Object.values(savepoint?.prepared ?? {}).flatMap((all) => all.map(({ id }) => id))
        expect(held).toContain('job-0-1')
        expect(Object.values(savepoint?.committed ?? {}).flat()).toEqual(expect.arrayContaining(held))
      })
    })

    it('should not collect in its checkpoints what the other one has committed', () => {
      runMarbles({ ...two, until: 2_050 }, (helpers) => {
        const { store, job$ } = twoSubtasks(helpers, (events$) => events$)
        helpers.run(job$)
        helpers.flush()
        const { committed, checkpointId } = restoredOf(store, 2)!
        expect(checkpointId).toBeGreaterThan(15)
        expect(Object.values(committed).flat().length).toBeLessThan(4)
      })
    })
  })

  it('should warn when a slow checkpoint could outlive its transaction', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      helpers.produce('in', '10ms a')
      helpers.run(copying(helpers)({ properties: { 'transaction.timeout.ms': 600_000 } }))
      helpers.expectCommits('out').toBe('100ms a')
    })
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('600100 ms from barrier to barrier'))
  })

  it('should refuse a transaction.timeout.ms above what the brokers allow', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const job$ = copying(helpers)({ properties: { 'transaction.timeout.ms': 3_600_000 } })
      const refused = expect.objectContaining({
        ...{ _tag: 'Config', retriable: false },
        message: expect.stringContaining('transaction.max.timeout.ms of 900000'),
      })
      helpers.expectObservable(job$).toBe('#', {}, refused)
    })
  })

  it('should be fenced by a successor of the same prefix, and say so', () => {
    runMarbles({ topics, until: 1_000 }, (helpers) => {
      const { produce, run, expectObservable, expectTransactions } = helpers
      produce('in', '10ms a 99ms b 99ms c 99ms d')
      const fenced = expect.objectContaining({
        ...{ _tag: 'Fenced', retriable: false },
        message: expect.stringContaining('Another job has begun to use the transactional id prefix "job" (subtask 0)'),
      })
      expectObservable(words(copying(helpers)())).toBe(
        '100ms (pc) 96ms (q#)',
        { p: 'prepared 2', c: 'committed 2', q: 'prepared 3' },
        fenced,
      )
      // Another job without its state: the same ids begin anew.
      run(after(155, () => copying(helpers)({ checkpoints: { store: new MemoryCheckpointStore() } })))
      expectTransactions('job-').toBe('15ms o 84ms c 14ms n 44ms m 94ms d 59ms l 39ms e', {
        o: 'open job-0-1',
        c: 'committed job-0-1',
        n: 'open job-0-2',
        m: 'open job-0-17',
        d: 'committed job-0-17',
        l: 'open job-0-18',
        e: 'committed job-0-18',
      })
    })
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('prefix "job" was used before'))
  })

  it('should renew the ownership of its ids each hour, so that it is not forgotten while they are known', () => {
    const hour = 3_600_000
    const brokerConfig = { 'transactional.id.expiration.ms': String(1.2 * hour) }
    runMarbles({ topics, brokerConfig, until: 1.8 * hour }, (helpers) => {
      const { kafka, run, expectObservable, expectCommits } = helpers
      run(interval(hour / 8).pipe(tap((n) => kafka.produce('in', [{ value: String(n) }]))))
      const rare = { interval: 60_000, timeout: 50_000 }
      const renewed$ = kafka.calls$.pipe(
        filter(({ api, moment }) => api === 'InitProducerId' && moment === 'before'),
        filter(({ transactionalId }) => transactionalId === 'job-0-owner'),
        map(() => 'o'),
      )
      expectObservable(renewed$).toBe('o 3599999ms o 1799999ms o')
      let warnings: number | undefined
      run(copying(helpers)({ checkpoints: rare }).pipe(takeUntil(timer(1.05 * hour))))
      run(
        after(1.5 * hour, () => {
          warnings = warned.mock.calls.length
          return copying(helpers)({ checkpoints: { ...rare, store: new MemoryCheckpointStore() } })
        }),
      )
      expectCommits('out').toBe(
        '8m 0 479999ms 1 419999ms 2 479999ms 3 419999ms 4 479999ms 5 419999ms 6 479999ms 7 1799999ms x 419999ms y 479999ms z',
        { x: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'], y: ['12'], z: ['13'] },
      )
      helpers.flush()
      expect(warnings).toBe(0)
    })
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('"job" was used before: job-0-owner'))
  })

  it('should go on from the last checkpoint when a transaction expires while it is written', () => {
    runMarbles({ topics, until: 20_000 }, (helpers) => {
      const { kafka, produce, expectObservable, expectCommits } = helpers
      produce('in', '10ms a 99ms b 99ms c')
      // As when the process or the machine sleeps: the records arrive when the broker has aborted their transaction.
      kafka.inject({ api: 'Produce', nth: 2 }, Fault.delay(5_000))
      const met: unknown[] = []
      const lasting = retry<SinkEvent>({
        delay: (error: KafkaError) => {
          met.push([error._tag, error.retriable])
          return error.retriable ? timer(10) : throwError(() => error)
        },
      })
      const job$ = copying(helpers)({ properties: { 'transaction.timeout.ms': 1000 } }).pipe(lasting)
      expectObservable(words(job$)).toBe('100ms (pc) 5121ms (qd)', {
        p: 'prepared 2',
        c: 'committed 2',
        q: 'prepared 18',
        d: 'committed 18',
      })
      expectCommits('out').toBe('100ms a 5124ms x', { x: ['b', 'c'] })
      helpers.flush()
      expect(met).toEqual([['Fenced', true]])
    })
  })
})

const unavailable = () =>
  new KafkaError({ _tag: 'Broker', message: 'the coordinator is not available', retriable: true, code: 15 })
