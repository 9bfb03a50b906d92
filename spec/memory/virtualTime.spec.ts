import { describe, expect, it } from '@jest/globals'
import { concatMap, tap } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import type { KafkaError } from '../../lib/client/KafkaError.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { ContractScene, fetcherConfig, producerConfig } from '../../lib/conformance/client/ContractScene.js'

const p0 = new TopicPartition('t', 0)

/** A run in virtual time: `[ms, what]` is noted in the order in which it happened. */
const inVirtualTime = (
  play: (stage: {
    readonly kafka: MemoryKafka
    readonly scheduler: TestScheduler
    readonly note: (what: unknown) => void
    readonly withClient: (use: (client: KafkaClient) => void, clientId?: string) => void
    readonly at: (ms: number, act: () => void) => void
    readonly readAll: (client: KafkaClient, isolationLevel: IsolationLevel) => void
  }) => void,
): readonly (readonly [number, unknown])[] => {
  const noted: [number, unknown][] = []
  const scheduler = new TestScheduler(() => undefined)
  scheduler.maxFrames = Infinity
  const kafka = new MemoryKafka({ scheduler, topics: { t: 1 } })
  const note = (what: unknown): void => void noted.push([scheduler.now(), what])
  play({
    kafka,
    scheduler,
    note,
    withClient: (use, clientId = 'spec') => {
      const scene = new ContractScene({ connect: kafka.connect, bootstrapServers: [] })
      scene.connect({ clientId, retryBackoffMs: 100, scheduler }).subscribe(use)
    },
    at: (ms, act) => void scheduler.schedule(act, ms),
    readAll: (client, isolationLevel) => {
      const fetcher = client.fetcher(fetcherConfig({ isolationLevel }))
      fetcher.fetched$.subscribe((fetched) => {
        if (fetched._tag === 'FetchFailed') return note(fetched.error._tag)
        note(fetched.take(100).map(({ value }) => value?.toString()))
        fetcher.request(p0)
      })
      fetcher.assign(p0, 0)
      fetcher.request(p0)
    },
  })
  scheduler.flush()
  return noted
}

describe('MemoryKafka in virtual time', () => {
  it('should wake a waiting fetch in the frame of the write', () => {
    expect(
      inVirtualTime(({ kafka, withClient, at, readAll }) => {
        withClient((client) => readAll(client, 'read_committed'))
        at(70, () => kafka.produce('t', [{ value: 'a' }]))
        at(90, () => kafka.produce('t', [{ value: 'b' }]))
      }),
    ).toEqual([
      [70, ['a']],
      [90, ['b']],
    ])
  })

  it('should abort a transaction at its timeout, fence its producer, and let readers pass', () => {
    const run = inVirtualTime(({ kafka, withClient, at, note, readAll }) => {
      withClient((client) => {
        const producer = client.transactionalProducer('x', producerConfig({ transactionTimeoutMs: 1000 }))
        producer
          .init()
          .pipe(
            tap(() => {
              producer.begin()
              producer.append({ topic: 't', partition: 0, value: 'lost' })
            }),
            concatMap(() => producer.flush()),
          )
          .subscribe(() => note('flushed'))
        at(2000, () => producer.commit().subscribe({ error: note }))
      })
      at(10, () => kafka.produce('t', [{ value: 'after' }]))
      at(20, () => withClient((client) => readAll(client, 'read_committed')))
    })
    expect(run).toEqual([
      [0, 'flushed'],
      [1000, ['after']],
      [
        2000,
        expect.objectContaining({ _tag: 'TransactionLost', codeName: 'INVALID_PRODUCER_EPOCH', retriable: false }),
      ],
    ])
  })

  it('should take the latency of the cluster for each call', () => {
    const scheduler = new TestScheduler(() => undefined)
    const kafka = new MemoryKafka({ scheduler, latencyMs: 5 })
    const scene = new ContractScene({ connect: kafka.connect, bootstrapServers: [] })
    const at: number[] = []
    scene
      .connect({ scheduler })
      .pipe(
        tap(() => at.push(scheduler.now())),
        concatMap(({ admin }) => admin.listTopics()),
      )
      .subscribe(() => at.push(scheduler.now()))
    scheduler.flush()
    expect(at).toEqual([5, 10])
  })

  it('should linger, and not when flushed', () => {
    const run = inVirtualTime(({ kafka, withClient, at, note }) => {
      kafka.calls$.subscribe(({ api, moment }) => {
        if (api === 'Produce' && moment === 'before') note('produce')
      })
      withClient((client) => {
        const producer = client.producer(producerConfig({ lingerMs: 50 }))
        at(10, () => producer.append({ topic: 't', partition: 0, value: 'a' }))
        at(30, () => producer.append({ topic: 't', partition: 0, value: 'b' }))
        at(100, () => producer.append({ topic: 't', partition: 0, value: 'c' }))
        at(110, () => producer.flush().subscribe(() => note('flushed')))
      })
    })
    expect(run).toEqual([
      [60, 'produce'],
      [110, 'produce'],
      [110, 'flushed'],
    ])
  })

  describe('faults', () => {
    it('should lose the answer of a produce, and keep the record once and in order', () => {
      const run = inVirtualTime(({ kafka, withClient, at, note }) => {
        kafka.inject({ api: 'Produce' }, Fault.loseAnswer())
        withClient((client) => {
          const producer = client.producer(producerConfig())
          producer.append({ topic: 't', partition: 0, value: 'a' })
          at(50, () => producer.append({ topic: 't', partition: 0, value: 'b' }))
          at(60, () => producer.flush().subscribe(() => note(kafka.records('t').map(({ value }) => value))))
        })
      })
      expect(run).toEqual([[100, ['a', 'b']]])
    })

    it('should double a record whose answer was lost without idempotence, as Kafka does', () => {
      const run = inVirtualTime(({ kafka, withClient, note }) => {
        kafka.inject({ api: 'Produce' }, Fault.loseAnswer())
        withClient((client) => {
          const producer = client.producer(producerConfig({ idempotence: false }))
          producer.append({ topic: 't', partition: 0, value: 'a' })
          producer.flush().subscribe(() => note(kafka.records('t').map(({ value }) => value)))
        })
      })
      expect(run).toEqual([[100, ['a', 'a']]])
    })

    it('should commit although the answer is lost', () => {
      const run = inVirtualTime(({ kafka, withClient, note }) => {
        kafka.inject({ api: 'EndTxn', transactionalId: 'x' }, Fault.loseAnswer())
        withClient((client) => {
          const producer = client.transactionalProducer('x', producerConfig())
          producer
            .init()
            .pipe(
              tap(() => {
                producer.begin()
                producer.append({ topic: 't', partition: 0, value: 'a' })
              }),
              concatMap(() => producer.commit()),
            )
            .subscribe(() => note(kafka.records('t').map(({ value }) => value)))
        })
      })
      expect(run).toEqual([[20, ['a']]])
    })

    it('should make the n-th fetch slow, and only that', () => {
      const run = inVirtualTime(({ kafka, withClient, at, readAll }) => {
        kafka.inject({ api: 'Fetch', topic: 't', partition: 0, nth: 3 }, Fault.delay(500))
        withClient((client) => readAll(client, 'read_uncommitted'))
        at(100, () => kafka.produce('t', [{ value: 'a' }]))
        at(200, () => kafka.produce('t', [{ value: 'b' }]))
        at(900, () => kafka.produce('t', [{ value: 'c' }]))
      })
      expect(run).toEqual([
        [100, ['a']],
        [600, ['b']],
        [900, ['c']],
      ])
    })

    it('should hold a commit until it is released', () => {
      const run = inVirtualTime(({ kafka, scheduler, withClient, note }) => {
        kafka.inject({ api: 'EndTxn' }, Fault.hold(scheduler.createColdObservable('-----x')))
        withClient((client) => {
          client
            .resume('never used', 1n, 0)
            .commit()
            .subscribe({ error: (error: unknown) => note((error as KafkaError).codeName) })
        })
      })
      expect(run).toEqual([[50, 'INVALID_PRODUCER_ID_MAPPING']])
    })

    it('should read and write on when a leader moves, and tell of the new epoch', () => {
      const run = inVirtualTime(({ kafka, withClient, at, note, readAll }) => {
        withClient((client) => {
          readAll(client, 'read_uncommitted')
          const producer = client.producer(producerConfig())
          at(10, () => kafka.moveLeader('t', 0, { unavailableMs: 250 }))
          at(20, () => {
            producer.append({ topic: 't', partition: 0, value: 'a' })
            producer.flush().subscribe(() => note('flushed'))
          })
        })
      })
      expect(run).toEqual([
        [320, 'flushed'],
        [320, ['a']],
      ])
    })
  })

  it('should keep a topic readable for who is at a place that retention removed', () => {
    const run = inVirtualTime(({ kafka, withClient, readAll }) => {
      kafka.produce('t', [{ value: 'a' }, { value: 'b' }])
      kafka.deleteRecords('t', 0, 1)
      withClient((client) => readAll(client, 'read_uncommitted'))
      expect(kafka.records('t').map(({ value }) => value)).toEqual(['b'])
    })
    expect(run).toEqual([[0, 'OffsetOutOfRange']])
  })
})
