import { describe, expect, it } from '@jest/globals'
import { concatMap, filter, Subject } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { KafkaError } from '../../lib/client/KafkaError.js'
import type { TransactionalProducer } from '../../lib/client/KafkaProducer.js'
import { Fault } from '../../lib/memory/Fault.js'
import { MemoryKafka } from '../../lib/memory/MemoryKafka.js'
import { ContractScene, producerConfig } from '../../lib/conformance/client/ContractScene.js'

/** A run in virtual time: one transaction of the id `x` is opened at 0 ms, and `[ms, what]` noted. */
const withOpenTransaction = (
  { timeoutMs, brokerConfig }: { readonly timeoutMs: number; readonly brokerConfig?: Record<string, string> },
  play: (stage: {
    readonly kafka: MemoryKafka
    readonly client: KafkaClient
    readonly producer: TransactionalProducer
    readonly at: (ms: number, act: () => void) => void
    readonly note: (what: unknown) => void
    /** notes state, epoch and start of `x`, or that it is unknown */
    readonly describe: (then?: () => void) => void
  }) => void,
): readonly (readonly [ms: number, what: unknown])[] => {
  const noted: (readonly [number, unknown])[] = []
  const scheduler = new TestScheduler(() => undefined)
  scheduler.maxFrames = Infinity
  const kafka = new MemoryKafka({ scheduler, topics: { t: 1 }, brokerConfig })
  const note = (what: unknown): void => void noted.push([scheduler.now(), what])
  new ContractScene({ connect: kafka.connect, bootstrapServers: [] }).connect({ scheduler }).subscribe((client) => {
    const producer = client.transactionalProducer('x', producerConfig({ transactionTimeoutMs: timeoutMs }))
    producer
      .init()
      .pipe(
        concatMap(() => {
          producer.begin()
          producer.append({ topic: 't', partition: 0, value: 'a' })
          return producer.flush()
        }),
      )
      .subscribe(() =>
        play({
          ...{ kafka, client, producer, note },
          at: (ms, act) => void scheduler.schedule(act, ms),
          describe: (then) =>
            void client.admin.describeTransactions(['x']).subscribe((described) => {
              const x = described.get('x')
              note(x === undefined ? 'unknown' : [x.state, x.epoch, x.startTime])
              then?.()
            }),
        }),
      )
  })
  scheduler.flush()
  return noted
}

describe('the transactions of MemoryKafka', () => {
  it('should abort what is open too long at once', () => {
    expect(
      withOpenTransaction({ timeoutMs: 1_000 }, ({ at, describe }) => {
        at(999, describe)
        at(1_000, describe)
      }),
    ).toEqual([
      [999, ['Ongoing', 0, 0]],
      [1_000, ['CompleteAbort', 1, 0]],
    ])
  })

  it('should forget an id that is not used for transactional.id.expiration.ms, but none with an open transaction', () => {
    const brokerConfig = { 'transactional.id.expiration.ms': '5000' }
    expect(
      withOpenTransaction({ timeoutMs: 20_000, brokerConfig }, ({ client, producer, at, describe, note }) => {
        at(10_000, () => {
          describe(() => producer.commit().subscribe())
          at(4_999, describe)
          at(5_000, describe)
          at(5_001, () =>
            client
              .resume('x', 0n, 0)
              .commit()
              .subscribe({ error: ({ codeName }: KafkaError) => note(codeName) }),
          )
        })
      }),
    ).toEqual([
      [10_000, ['Ongoing', 0, 0]],
      [14_999, ['CompleteCommit', 0, 0]],
      [15_000, 'unknown'],
      [15_001, 'INVALID_PRODUCER_ID_MAPPING'],
    ])
  })

  it('should let only the same end be called again when the coordinator was not there in time', () => {
    const away = new KafkaError({ _tag: 'Broker', message: 'The coordinator is away.', retriable: true })
    expect(
      withOpenTransaction({ timeoutMs: 60_000 }, ({ kafka, producer, at, note }) => {
        const back = kafka.inject({ api: 'EndTxn', times: Infinity }, Fault.fail(away))
        const end = (how: 'commit' | 'abort') => (): void =>
          void producer[how]().subscribe({
            next: () => note(`${how} done`),
            error: ({ _tag, retriable }: KafkaError) => note([how, _tag, retriable]),
          })
        at(0, end('commit'))
        at(29_000, back)
        at(30_000, end('abort'))
        at(31_000, end('commit'))
      }),
    ).toEqual([
      [expect.any(Number), ['commit', 'Broker', true]],
      [30_000, ['abort', 'IllegalState', false]],
      [31_000, 'commit done'],
    ])
  })

  it('should not be asked for an id by a producer that is closed', () => {
    let asked = 0
    const noted = withOpenTransaction({ timeoutMs: 60_000 }, ({ kafka, client, at, note }) => {
      kafka.inject({ api: 'InitProducerId', times: Infinity }, Fault.loseAnswer())
      kafka.calls$.pipe(filter(({ api }) => api === 'InitProducerId')).subscribe(() => asked++)
      const closing = client.transactionalProducer('y', producerConfig())
      closing.init().subscribe({ error: ({ _tag }: KafkaError) => note(_tag) })
      at(50, () => note(asked > 0))
      at(50, () => (asked = 0))
      at(50, () => closing.close().subscribe())
      at(40_000, () => note(asked))
    })
    expect(noted).toEqual([
      [50, true],
      [60, 'IllegalState'],
      [40_000, 0],
    ])
  })

  describe('while markers are being written', () => {
    it('should be described as ending, and then as ended', () => {
      expect(
        withOpenTransaction({ timeoutMs: 1_000 }, ({ kafka, producer, at, describe, note }) => {
          kafka.inject({ api: 'WriteTxnMarkers', transactionalId: 'x' }, Fault.delay(5_000))
          at(500, () => producer.commit().subscribe(() => note('committed')))
          at(5_499, () => note(kafka.records('t').length))
          at(5_499, describe)
          at(5_501, () => note(kafka.records('t').length))
          at(5_501, describe)
        }),
      ).toEqual([
        [500, 'committed'],
        [5_499, 0],
        [5_499, ['PrepareCommit', 0, 0]],
        [5_501, 1],
        [5_501, ['CompleteCommit', 0, 0]],
      ])
    })

    it('should make whoever begins or repeats wait, and refuse the other end', () => {
      expect(
        withOpenTransaction({ timeoutMs: 1_000 }, ({ kafka, client, producer, at, note }) => {
          const until = new Subject<void>()
          kafka.inject({ api: 'WriteTxnMarkers' }, Fault.hold(until))
          const told = (what: string) => ({
            next: () => note(what),
            error: (error: KafkaError) => note(error.codeName),
          })
          const resumed = client.resume('x', 0n, 0)
          at(10, () => producer.commit().subscribe(told('committed')))
          at(20, () => resumed.commit().subscribe(told('committed again')))
          at(20, () => resumed.abort().subscribe(told('aborted')))
          at(3_000, () => until.next())
          at(5_000, () => client.transactionalProducer('x', producerConfig()).init().subscribe(told('initialised')))
        }),
      ).toEqual([
        [10, 'committed'],
        [20, 'INVALID_TXN_STATE'],
        [expect.any(Number), 'committed again'],
        [5_000, 'initialised'],
      ])
    })

    it('should let nobody take over before the abort is written', () => {
      expect(
        withOpenTransaction({ timeoutMs: 60_000 }, ({ kafka, client, at, note, describe }) => {
          kafka.inject({ api: 'WriteTxnMarkers' }, Fault.delay(1_000))
          const next = client.transactionalProducer('x', producerConfig())
          at(10, () => next.init().subscribe(({ epoch }) => note(epoch)))
          at(1_009, describe)
          at(5_000, describe)
        }),
      ).toEqual([
        [1_009, ['PrepareAbort', 1, 0]],
        [expect.any(Number), 2],
        [5_000, ['Empty', 2, undefined]],
      ])
    })

    it('should write again a marker that a leader has refused', () => {
      expect(
        withOpenTransaction({ timeoutMs: 60_000 }, ({ kafka, producer, at, note }) => {
          kafka.inject({ api: 'WriteTxnMarkers', topic: 't', partition: 0, times: 3 }, Fault.fail())
          at(10, () => producer.commit().subscribe())
          at(309, () => note(kafka.records('t').length))
          at(311, () => note(kafka.records('t').length))
        }),
      ).toEqual([
        [309, 0],
        [311, 1],
      ])
    })
  })

  describe('when brokers look for what is open too long only now and then', () => {
    const brokerConfig = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '10000' }

    it('should describe it as open until they look', () => {
      expect(
        withOpenTransaction({ timeoutMs: 1_000, brokerConfig }, ({ at, describe }) => {
          at(1_000, describe)
          at(9_999, describe)
          at(10_000, describe)
        }),
      ).toEqual([
        [1_000, ['Ongoing', 0, 0]],
        [9_999, ['Ongoing', 0, 0]],
        [10_000, ['CompleteAbort', 1, 0]],
      ])
    })

    it('should commit what is past its time-out', () => {
      expect(
        withOpenTransaction({ timeoutMs: 1_000, brokerConfig }, ({ kafka, producer, at, describe, note }) => {
          at(9_000, () => producer.commit().subscribe(() => note(kafka.records('t').map(({ value }) => value))))
          at(10_000, describe)
        }),
      ).toEqual([
        [9_000, ['a']],
        [10_000, ['CompleteCommit', 0, 0]],
      ])
    })
  })
})
