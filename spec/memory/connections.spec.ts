import { describe, expect, it } from '@jest/globals'
import { catchError, concat, defer, ignoreElements, map, NEVER, type Observable, tap, throwError, timer } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { KafkaError } from '../../lib/client/KafkaError.js'
import { ANY_BROKER, type ConnectionPurpose, type SendOptions } from '../../lib/cluster/Brokers.js'
import { Fault, type FaultPlan, Faults } from '../../lib/memory/Fault.js'
import { MemoryBrokers } from '../../lib/memory/MemoryBrokers.js'
import { MemoryCluster } from '../../lib/memory/MemoryCluster.js'
import { MemoryConnection } from '../../lib/memory/MemoryConnection.js'
import { createTopicsApi } from '../../lib/protocol/requests/createTopics.js'
import { fetchByNameApi } from '../../lib/protocol/requests/fetchByName.js'
import type { KafkaApi } from '../../lib/protocol/requests/KafkaApi.js'
import { brokersConfig } from '../contract/brokers/brokersConfig.js'

interface Stage {
  readonly brokers: MemoryBrokers
  /** Creates a topic: the letter of the answer is `a`; `T` and `C` stand for the errors of a time-out and of the connection. */
  readonly create: (topic: string, options?: SendOptions, purpose?: ConnectionPurpose) => Observable<string>
  readonly at: <T>(ms: number, work$: Observable<T>) => Observable<T>
  readonly inject: (plan: FaultPlan, fault: Fault) => void
  /** Whether there is such a topic. */
  readonly has: (topic: string) => boolean
  readonly fetch: (maxWaitMs: number, options?: SendOptions, purpose?: ConnectionPurpose) => Observable<string>
}

/** `request.timeout.ms` is 50. */
const picture = (
  draw: (stage: Stage, expectObservable: (typeof TestScheduler)['prototype']['expectObservable']) => void,
  latencyMs = 0,
): void => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(({ expectObservable }) => {
    const faults = new Faults()
    const cluster = new MemoryCluster({ scheduler })
    const config = { ...brokersConfig([]), requestTimeoutMs: 50 }
    const wire = { scheduler, latencyMs, fault: faults.next.bind(faults), observe: () => undefined }
    const brokers = new MemoryBrokers(cluster, new MemoryConnection(config, wire))
    const send = <Q>(api: KafkaApi<Q, unknown>, request: Q, purpose: ConnectionPurpose, options?: SendOptions) =>
      brokers.send(ANY_BROKER, purpose, api, request, options).pipe(
        map(() => 'a'),
        tagged,
      )
    const stage: Stage = {
      brokers,
      create: (topic, options, purpose = 'control') =>
        send(createTopicsApi, { timeoutMs: 1, topics: [{ topic, partitions: 1 }] }, purpose, options),
      fetch: (maxWaitMs, options, purpose = 'fetch a') => {
        const asked = { topic: 't', topicId: undefined, partition: 0, currentLeaderEpoch: -1, fetchOffset: 0 }
        const request = { maxWaitMs, minBytes: 1, maxBytes: 1000, isolationLevel: 'read_committed' } as const
        const partitions = [{ ...asked, partitionMaxBytes: 1000 }]
        return send(fetchByNameApi, { ...request, partitions }, purpose, options)
      },
      at: (ms, work$) =>
        concat(
          timer(ms, scheduler).pipe(ignoreElements()),
          defer(() => work$),
        ),
      inject: (plan, fault) => void faults.add(plan, fault),
      has: (topic) => cluster.partitionCount(topic) !== undefined,
    }
    draw(stage, expectObservable)
  })
}

/** An error by its tag, so that pictures show which. */
const tagged = catchError<string, Observable<never>>((error: KafkaError) => throwError(() => error._tag))

const timeout = ['Timeout'] as const
const lost = ['Connection'] as const

describe('a connection to brokers in memory', () => {
  it('should give up a request after request.timeout.ms, whose effect comes all the same', () =>
    picture(({ create, inject, at, has }, expectObservable) => {
      inject({ api: 'CreateTopics' }, Fault.delay(70))
      expectObservable(create('t')).toBe('50ms #', undefined, ...timeout)
      const there = (ms: number) =>
        at(
          ms,
          defer(() => [has('t')]),
        )
      expectObservable(there(69)).toBe('69ms (a|)', { a: false })
      expectObservable(there(71)).toBe('71ms (a|)', { a: true })
    }))

  it('should give up one that is held for ever, and one that takes its own time-out', () =>
    picture(({ create, inject }, expectObservable) => {
      inject({ api: 'CreateTopics', times: 2 }, Fault.hold(NEVER))
      expectObservable(create('t')).toBe('50ms #', undefined, ...timeout)
      expectObservable(create('u', { timeoutMs: 20 }, 'produce')).toBe('20ms #', undefined, ...timeout)
    }))

  it('should count the way to the broker', () => {
    picture(({ create, inject }, expectObservable) => {
      inject({ api: 'CreateTopics' }, Fault.delay(100))
      expectObservable(create('t')).toBe('50ms #', undefined, ...timeout)
    }, 30)
    picture(({ create }, expectObservable) => {
      expectObservable(create('t')).toBe('50ms #', undefined, ...timeout)
    }, 60)
  })

  it('should end with it, for all that is in flight there and for nothing else', () =>
    picture(({ create, inject, at }, expectObservable) => {
      inject({ api: 'CreateTopics', times: 3 }, Fault.delay(60))
      expectObservable(create('t')).toBe('             50ms #', undefined, ...timeout)
      expectObservable(at(20, create('u'))).toBe('     50ms #', undefined, ...lost)
      expectObservable(at(25, create('v', {}, 'produce'))).toBe('75ms #', undefined, ...timeout)
      expectObservable(at(51, create('w'))).toBe('     51ms (a|)')
    }))

  it.each([
    ['not let arrive what is behind a request that was lost on its way', Fault.fail, false],
    ['let arrive what is behind one whose answer was lost', Fault.loseAnswer, true],
  ])('should %s', (_, fault, arrives) =>
    picture(({ create, inject, at, has }, expectObservable) => {
      inject({ api: 'CreateTopics' }, fault())
      expectObservable(create('t')).toBe('         -----#', undefined, ...lost)
      expectObservable(at(2, create('u'))).toBe('-----#', undefined, ...lost)
      const both$ = defer(() => [has('t'), has('u')])
      expectObservable(at(20, both$)).toBe('20ms (ab|)', { a: arrives, b: arrives })
    }, 5),
  )

  it('should wait at the broker without a limit, unless the client gives up before the broker would answer', () =>
    picture(({ create, fetch, at }, expectObservable) => {
      create('t').subscribe()
      // First of all it is told where the log ends.
      const waiting = (...of: Parameters<typeof fetch>) => concat(fetch(...of), fetch(...of))
      expectObservable(at(1, waiting(40))).toBe('-a')
      expectObservable(at(1, waiting(100, { timeoutMs: 20 }, 'fetch b'))).toBe('-a 19ms #', undefined, ...timeout)
    }))

  it('should end what is in flight when it is released, and when all are closed', () =>
    picture(({ brokers, create, inject, at, has }, expectObservable) => {
      inject({ api: 'CreateTopics', times: Infinity }, Fault.delay(30))
      expectObservable(create('t')).toBe('                   10ms #', undefined, ...lost)
      expectObservable(create('u', {}, 'produce')).toBe('    20ms #', undefined, ...lost)
      const release = tap<number>(() => {
        brokers.release('control')
      })
      expectObservable(timer(10).pipe(release)).toBe('        10ms (a|)', { a: 0 })
      expectObservable(at(20, brokers.close())).toBe('       20ms |')
      expectObservable(at(25, create('v'))).toBe('           25ms #', undefined, ...lost)
      expectObservable(
        at(
          40,
          defer(() => ['t', 'u', 'v'].map(has)),
        ),
      ).toBe('40ms (tuv|)', { t: true, u: true, v: false })
    }))
})
