import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import {
  config,
  filter,
  finalize,
  interval,
  map,
  NEVER,
  type Observable,
  of,
  type SchedulerAction,
  type SchedulerLike,
  startWith,
  Subject,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs'
import type { ConnectKafka, KafkaClient } from '../../lib/client/KafkaClient.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import { Fault } from '../../lib/memory/Fault.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { sinkTo } from '../../lib/sink/sinkTo.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { record } from '../../lib/testing/marbleElements.js'
import { type MarbleHelpers, runMarbles } from '../../lib/testing/runMarbles.js'
import { copying, restored, sinkOf, topics, words } from './support/copying.js'

/** Notes how many clients are open. */
const counting = (connect: ConnectKafka, change: (client: KafkaClient) => void = () => undefined) => {
  const clients = { open: 0 }
  const counted: ConnectKafka = (kafkaConfig) =>
    connect(kafkaConfig).pipe(
      tap((client) => {
        clients.open++
        const close = client.close.bind(client)
        client.close = () => close().pipe(finalize(() => clients.open--))
        change(client)
      }),
    )
  return { clients, connect: counted }
}

describe('sinkTo, at its end', () => {
  const unhandled: unknown[] = []
  beforeEach(() => {
    unhandled.length = 0
    config.onUnhandledError = (error) => unhandled.push(error)
    jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  })
  afterEach(() => {
    config.onUnhandledError = null
    jest.restoreAllMocks()
    expect(unhandled).toEqual([])
  })

  it('should complete although watermarks follow the final barrier', () => {
    runMarbles({ topics, until: 2_000 }, ({ coldElements, upstream, options, expectObservable }) => {
      const elements$ = coldElements('(Ra) 96ms (S5) 96ms (T|)', {
        R: restored(upstream),
        S: upstream.barrier(1, 'suspend', of(upstream.aborted(1))),
        T: upstream.barrier(2, 'suspend', of(upstream.completed(2))),
      })
      expectObservable(words(elements$.pipe(sinkTo(sinkOf(), options)))).toBe('100ms p 99ms (c|)', {
        p: 'prepared 1',
        c: 'committed 1',
      })
    })
  })

  it('should error when it completes with a prepared transaction that no checkpoint commits', () => {
    runMarbles({ topics, until: 2_000 }, ({ coldElements, upstream, options, expectObservable }) => {
      const elements$ = coldElements('(RabB) 94ms |', {
        R: restored(upstream),
        B: upstream.barrier(1, undefined, of(upstream.aborted(1))),
      })
      const unfinished = expect.objectContaining({
        ...{ _tag: 'NoFinalBarrier', message: expect.stringContaining('2 records') },
      })
      expectObservable(words(elements$.pipe(sinkTo(sinkOf(), options)))).toBe(
        'p 99ms #',
        { p: 'prepared 1' },
        unfinished,
      )
    })
  })

  it('should be quiet when the next transaction becomes ready after an unsubscription', () => {
    runMarbles({ topics, until: 2_000 }, ({ kafka, hot, coldElements, upstream, options, expectObservable }) => {
      kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-2' }, Fault.hold(hot('101ms x')))
      const elements$ = coldElements('(RaB)', { R: restored(upstream) })
      expectObservable(words(elements$.pipe(sinkTo(sinkOf(), options))), '^ 99ms !').toBe('p', { p: 'prepared 1' })
    })
    expect(unhandled).toEqual([])
  })

  describe('when it is stopped', () => {
    const held = Fault.hold(NEVER)
    const ahead = (...numbers: readonly number[]) => numbers.map((number) => `job-0-${number} Empty`)

    /** Stops a sink of these elements after 100 ms; expects the states in which its transactions stay, and that its client is closed. */
    const stopped = (
      { kafka, options, expectObservable, flush }: MarbleHelpers,
      elements$: Observable<StreamElement<string>>,
      picture: readonly [string, Readonly<Record<string, string>>?],
      left?: readonly string[],
    ) => {
      const { clients, connect } = counting(options.connect)
      expectObservable(words(elements$.pipe(sinkTo(sinkOf(), { ...options, connect }))), '^ 99ms !').toBe(...picture)
      flush()
      expect(clients.open).toBe(0)
      if (left === undefined) return
      const states = kafka.transactions().map(({ transactionalId, state }) => `${transactionalId} ${state}`)
      expect(states.filter((one) => !one.startsWith('job-0-owner'))).toEqual(left)
    }

    it('should abort what takes records', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        helpers.expectTransactions('job-').toBe('-----o 94ms x', { o: 'open job-0-1', x: 'aborted job-0-1' })
        const elements$ = helpers.coldElements('(Ra)', { R: restored(helpers.upstream) })
        stopped(helpers, elements$, ['-'], ['job-0-1 CompleteAbort', ...ahead(2, 3)])
      })
    })

    it('should leave what is prepared to the next attempt, and abort what takes records behind it', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        helpers
          .expectTransactions('job-')
          .toBe('-----o 49ms n 44ms x', { o: 'open job-0-1', n: 'open job-0-2', x: 'aborted job-0-2' })
        const elements$ = helpers.coldElements('(Ra) 46ms (Bb)', { R: restored(helpers.upstream) })
        const left = ['job-0-1 Ongoing', 'job-0-2 CompleteAbort', ...ahead(3, 4)]
        stopped(helpers, elements$, ['50ms p', { p: 'prepared 1' }], left)
      })
    })

    it('should abort what is being prepared', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        helpers.kafka.inject({ api: 'Produce', nth: 2 }, Fault.delay(200))
        helpers.expectTransactions('job-').toBe('-----o 49ms n 44ms x 149ms y', {
          o: 'open job-0-1',
          n: 'open job-0-2',
          x: 'aborted job-0-2',
          y: 'aborted job-0-1',
        })
        const elements$ = helpers.coldElements('(Ra) 46ms (bBc)', { R: restored(helpers.upstream) })
        const left = ['job-0-1 CompleteAbort', 'job-0-2 CompleteAbort', ...ahead(3, 4)]
        stopped(helpers, elements$, ['-'], left)
      })
    })

    it('should leave what is being committed', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        const { upstream, cold } = helpers
        helpers.kafka.inject({ api: 'EndTxn' }, held)
        helpers
          .expectTransactions('job-')
          .toBe('-----o 49ms n 44ms x', { o: 'open job-0-1', n: 'open job-0-2', x: 'aborted job-0-2' })
        const B = upstream.barrier(1, undefined, cold('10ms (c|)', { c: upstream.completed(1) }))
        const elements$ = helpers.coldElements('(Ra) 46ms (Bb)', { R: restored(upstream), B })
        const left = ['job-0-1 Ongoing', 'job-0-2 CompleteAbort', ...ahead(3, 4)]
        stopped(helpers, elements$, ['50ms p', { p: 'prepared 1' }], left)
      })
    })

    it('should leave no timer behind, whatever it leaves to the next attempt', () => {
      runMarbles({ topics, until: 1_000_000 }, (helpers) => {
        const { scheduler, coldElements, upstream, options, expectObservable } = helpers
        const fired = new Subject<void>()
        const watched: SchedulerLike = {
          now: () => scheduler.now(),
          schedule: <S>(work: (this: SchedulerAction<S>, state?: S) => void, delay = 0, state?: S) =>
            scheduler.schedule<S>(
              function (at) {
                fired.next()
                work.call(this, at)
              },
              delay,
              state,
            ),
        }
        const elements$ = coldElements('(Ra) 46ms (Bb)', { R: restored(upstream) })
        const sink = sinkTo<string>(sinkOf(), { ...options, scheduler: watched })
        expectObservable(words(elements$.pipe(sink)), '^ 99ms !').toBe('50ms p', { p: 'prepared 1' })
        expectObservable(fired, '101ms ^').toBe('-')
      })
    })

    it('should make no more transactions ready, though the client still aborts what is open', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        const { kafka, hot, coldElements, upstream, expectObservable } = helpers
        kafka.inject({ api: 'InitProducerId', transactionalId: 'job-0-2' }, Fault.hold(hot('200ms x')))
        kafka.inject({ api: 'EndTxn' }, Fault.delay(300))
        const asked$ = kafka.calls$.pipe(
          filter(({ moment }) => moment === 'before'),
          map(({ api, transactionalId = '' }) => `${api} ${transactionalId}`),
        )
        // What was on its way to the broker, and nothing after it.
        expectObservable(asked$, '101ms ^').toBe('200ms i 199ms e', {
          ...{ i: 'InitProducerId job-0-2', e: 'EndTxn job-0-1' },
        })
        stopped(helpers, coldElements('(Ra)', { R: restored(upstream) }), ['-'])
      })
    })

    it('should say so to a stop that waits for what is not committed yet', () => {
      runMarbles({ topics, until: 2_000 }, (helpers) => {
        const { kafka, cold, coldElements, upstream, expectObservable } = helpers
        kafka.inject({ api: 'EndTxn' }, held)
        const B = upstream.barrier(1, undefined, cold('10ms (c|)', { c: upstream.completed(1) }))
        const elements$ = coldElements('(Ra) 46ms B', { R: restored(upstream), B })
        expectObservable(upstream.calls$).toBe('50ms (sa) 46ms n', {
          ...{ s: 'snapshot B1 sink-job', a: 'ack B1' },
          n: expect.stringMatching(/^not committed B1 sink-job: .* unsubscribed before it had committed/),
        })
        stopped(helpers, elements$, ['50ms p', { p: 'prepared 1' }])
      })
    })
  })

  it('should have committed what a savepoint holds when the stop is answered', () => {
    runMarbles({ topics, until: 2_000 }, (helpers) => {
      const { kafka, produce, coordinator, expectObservable, expectCommits } = helpers
      kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.delay(300))
      produce('in', '10ms a---------b')
      const checkpoints = coordinator({ interval: 0 })
      expectObservable(words(copying(helpers)({ checkpoints }))).toBe('55ms p 299ms (c|)', {
        p: 'prepared 1',
        c: 'committed 1',
      })
      const answer$ = timer(55).pipe(switchMap(() => checkpoints.stopWithSavepoint({ drain: false })))
      expectObservable(answer$).toBe('355ms (s|)', {
        s: { checkpointId: 1, duration: 0, savepoint: true, timestamp: 55 },
      })
      expectCommits('out').toBe('355ms x', { x: ['a', 'b'] })
    })
  })

  it('should stay stopped when what its savepoint holds cannot be committed, also for a retry', () => {
    runMarbles({ topics, until: 5_000 }, (helpers) => {
      const { kafka, produce, coordinator, expectObservable, expectCommits } = helpers
      const lost = new KafkaError({ _tag: 'TransactionLost', message: 'aborted', retriable: false, fatal: true })
      produce('in', '10ms a---------b')
      const checkpoints = coordinator({ interval: 0 })
      const failed = expect.objectContaining({ message: expect.stringContaining('job-0-1') })
      const copy = () => words(copying(helpers)({ checkpoints }))
      const answer$ = timer(55).pipe(
        switchMap(() => {
          const mend = kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.fail(lost))
          timer(500).subscribe(mend)
          return checkpoints.stopWithSavepoint({ drain: false })
        }),
      )
      expectObservable(copy()).toBe('55ms (p#)', { p: 'prepared 1' }, failed)
      expectObservable(answer$).toBe('55ms #', {}, failed)
      expectObservable(timer(1_000).pipe(switchMap(copy))).toBe('1s #', {}, failed)
      expectCommits('out').toBe('-')
    })
  })

  it('should fail as soon as its producer does, and not with the next barrier', () => {
    runMarbles({ topics, until: 2_000 }, ({ kafka, coldElements, upstream, options, expectObservable }) => {
      const refused = new KafkaError({
        ...{ _tag: 'Authorization', message: 'no rights on out', retriable: false, fatal: false },
      })
      kafka.inject({ api: 'Produce' }, Fault.fail(refused))
      const elements$ = coldElements('(Ra)', { R: restored(upstream) })
      expectObservable(elements$.pipe(sinkTo(sinkOf(), options))).toBe('-----#', {}, refused)
    })
  })

  it('should ask once a second whether its ids are still its own when it has nothing to prepare', () => {
    runMarbles({ topics, until: 3_050 }, ({ kafka, upstream, options, run, expectObservable }) => {
      const asked$ = kafka.calls$.pipe(
        filter(({ api, moment }) => api === 'DescribeTransactions' && moment === 'before'),
        map(() => 'd'),
      )
      // Two times as it begins: who owns the ids, and whether the next ones are new.
      expectObservable(asked$).toBe('(dd) 96ms d 999ms d 999ms d')
      const elements$ = interval(100).pipe(
        take(30),
        map((n) => upstream.barrier(n + 1, undefined, of(upstream.completed(n + 1)))),
      )
      run(
        timer(0).pipe(
          switchMap(() => elements$.pipe(startWith(restored(upstream)))),
          sinkTo(sinkOf(), options),
        ),
      )
    })
  })

  it('should close its client when it cannot be set up', () => {
    runMarbles({ topics, until: 1_000 }, ({ coldElements, upstream, options, expectObservable, flush }) => {
      const broken = new Error('no producer')
      const { clients, connect } = counting(options.connect, (client) => {
        client.producer = () => {
          throw broken
        }
      })
      const elements$ = coldElements('(Ra)', { R: restored(upstream) })
      expectObservable(elements$.pipe(sinkTo(sinkOf(), { ...options, connect }))).toBe('#', {}, broken)
      flush()
      expect(clients.open).toBe(0)
    })
  })

  it('should close its client soon although no broker answers any more', () => {
    runMarbles({ topics, until: 10_000 }, ({ kafka, coldElements, upstream, options, expectObservable, flush }) => {
      kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.hold(NEVER))
      const { clients, connect } = counting(options.connect)
      const elements$ = coldElements('(Ra)', { R: restored(upstream) })
      expectObservable(elements$.pipe(sinkTo(sinkOf(), { ...options, connect })), '^ 99ms !').toBe('-')
      flush()
      expect(clients.open).toBe(0)
    })
  })

  it('should make it an error of the stream that an element is acknowledged twice, also when it had to wait', () => {
    runMarbles({ topics, until: 2_000 }, ({ kafka, coldElements, upstream, options, expectObservable }) => {
      kafka.inject({ api: 'Produce' }, Fault.delay(300))
      const properties = { 'buffer.memory': 1000, 'batch.size': 500 }
      const b = record('x'.repeat(1200), 0)
      const elements$ = coldElements('R 99ms (bbEE)', { R: restored(upstream), b, E: upstream.end() })
      const sink = sinkOf({ guarantee: DeliveryGuarantee.NONE, properties })
      const twice = expect.objectContaining({ _tag: 'AcknowledgedTwice' })
      expectObservable(elements$.pipe(sinkTo(sink, options))).toBe('400ms #', {}, twice)
    })
  })
})
