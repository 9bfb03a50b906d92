import { describe, expect, it } from '@jest/globals'
import { AsyncSubject, concat, concatMap, defer, EMPTY, ignoreElements, map, type Observable, tap } from 'rxjs'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import type { TransactionalProducer } from '../../../lib/client/KafkaProducer.js'
import { ClusterTransactionalProducer } from '../../../lib/cluster/producer/ClusterTransactionalProducer.js'
import { resumeTransaction } from '../../../lib/cluster/producer/resumeTransaction.js'
import { Fault } from '../../../lib/memory/Fault.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import { ClientScene, type ClientSceneOptions } from '../support/ClientScene.js'
import { producerConfig } from '../support/producerConfig.js'

const notEnoughReplicas = Fault.fail(brokerError(19, { api: 'Produce', topic: 't' }))
const concurrent = Fault.fail(brokerError(51, { api: 'EndTxn' }))
const always = { times: Infinity }
const matching = (error: object): unknown => expect.objectContaining(error)

/** One after the other; emits what the last one does. */
const inTurn = <T>(...steps: readonly [...(() => Observable<unknown>)[], () => Observable<T>]): Observable<T> => {
  const last = steps.at(-1) as () => Observable<T>
  const before = steps.slice(0, -1).map((step) => defer(step).pipe(ignoreElements()))
  return concat<T[]>(...before, defer(last))
}

const act = (work: () => void) => (): Observable<never> =>
  defer(() => {
    work()
    return EMPTY
  })

const setUp = (options: ClientSceneOptions = {}) => {
  const scene = new ClientScene(options)
  const producerOf = (id = 'tx') => new ClusterTransactionalProducer(scene.cluster, id, producerConfig())
  const write = (producer: TransactionalProducer, partition: number, ...values: readonly string[]): void =>
    values.forEach((value) => producer.append({ topic: 't', partition, value }))
  /** Begins, and writes; numbers are partitions. */
  const begun = (producer: TransactionalProducer, ...records: readonly (readonly [number, ...string[]])[]) =>
    act(() => {
      producer.begin()
      records.forEach((record) => write(producer, ...record))
    })
  const committed = (partition: number): readonly string[] => scene.valuesOf('t', partition, 'read_committed')
  const epochs = (producer: TransactionalProducer) => producer.init().pipe(map(({ epoch }) => epoch.toString()))
  const written = (partition: number) =>
    scene.logBatches('t', partition).map(({ writer }) => [writer!.epoch, writer!.baseSequence])
  return { scene, producerOf, write, begun, committed, epochs, written }
}

// A request and its answer take 10 ms: FindCoordinator and InitProducerId, then AddPartitionsToTxn and Produce, then EndTxn.
describe('ClusterTransactionalProducer', () => {
  it('should commit what was written since begin', () => {
    const { scene, producerOf, begun, committed } = setUp()
    const producer = producerOf()
    scene.play(({ expectObservable }) => {
      const flushed = inTurn(
        () => producer.init(),
        begun(producer, [0, 'a', 'b'], [1, 'c']),
        act(() => expect(producer.recordsInTransaction).toBe(3)),
        () => producer.flush(),
        act(() => expect(committed(0)).toEqual([])),
        () => producer.commit(),
      )
      expectObservable(flushed).toBe('50ms (c|)', { c: undefined })
      expectObservable(scene.requests('AddPartitionsToTxn')).toBe('20ms a', { a: '1' })
      expectObservable(scene.requests('Produce')).toBe('           30ms (ab)', { a: '1: 0#0 a b', b: '2: 1#0 c' })
      expectObservable(scene.requests('EndTxn')).toBe('            40ms e', { e: '1' })
    })
    expect([committed(0), committed(1)]).toEqual([['a', 'b'], ['c']])
    expect(producer.recordsInTransaction).toBe(0)
  })

  it('should commit an empty transaction without asking the broker', () => {
    const { scene, producerOf, begun } = setUp()
    const producer = producerOf()
    scene.play(({ expectObservable }) => {
      const committed = inTurn(
        () => producer.init(),
        begun(producer),
        () => producer.commit(),
      )
      expectObservable(committed).toBe('20ms (c|)', { c: undefined })
      expectObservable(scene.requests('EndTxn')).toBe('')
    })
  })

  it('should abort, and write the next transaction in the same epoch when nothing was lost', () => {
    const { scene, producerOf, begun, committed, written } = setUp()
    const producer = producerOf()
    scene.play(({ expectObservable }) => {
      const both = inTurn(
        () => producer.init(),
        begun(producer, [0, 'a']),
        () => producer.flush(),
        () => producer.abort(),
        begun(producer, [0, 'b']),
        () => producer.commit(),
      )
      expectObservable(both).toBe('80ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['b'])
    expect(written(0)).toEqual([
      [0, 0],
      [0, 1],
    ])
  })

  it('should begin a new epoch after an abort that leaves numbered batches behind', () => {
    const { scene, producerOf, begun, committed, written } = setUp()
    const producer = producerOf()
    // It is numbered and sent, and the brokers refuse it for the time being.
    scene.inject({ api: 'Produce' }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      inTurn(() => producer.init(), begun(producer, [0, 'a'])).subscribe()
      const rest = inTurn(
        () => producer.abort(),
        begun(producer, [0, 'b']),
        () => producer.commit(),
      )
      expectObservable(scene.from(60, () => rest)).toBe('170ms (c|)', { c: undefined })
      // The partition is in trouble until 140 ms, whoever writes to it.
      expectObservable(scene.requests('Produce')).toBe('30ms a 119ms b', { a: '1: 0#0 a', b: '1: 0#0 b' })
      expectObservable(scene.requests('InitProducerId')).toBe('10ms i 59ms i', { i: '1' })
    })
    expect(committed(0)).toEqual(['b'])
    expect(written(0)).toEqual([[1, 0]])
  })

  it('should begin a new epoch also when the abort had to be asked for twice', () => {
    const { scene, producerOf, begun, committed, written } = setUp()
    const producer = producerOf()
    scene.inject({ api: 'Produce' }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      inTurn(() => producer.init(), begun(producer, [0, 'a'])).subscribe()
      const takeBack = scene.inject({ api: 'EndTxn', ...always }, Fault.fail())
      const first = scene.from(60, () => producer.abort())
      expectObservable(first).toBe('30010ms #', undefined, matching({ _tag: 'Connection' }))
      const rest = inTurn(
        act(takeBack),
        () => producer.abort(),
        begun(producer, [0, 'b']),
        () => producer.commit(),
      )
      expectObservable(scene.from(40_000, () => rest)).toBe('40060ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['b'])
    expect(written(0)).toEqual([[1, 0]])
  })

  it('should write nothing of a transaction that is aborted from within the answer to its flush', () => {
    const { scene, producerOf, write, begun, committed } = setUp({ brokers: 1 })
    const producer = producerOf()
    scene.inject({ api: 'Produce', partition: 1, nth: 2 }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      inTurn(
        () => producer.init(),
        begun(producer, [0, 'warm'], [1, 'warm']),
        () => producer.flush(),
      ).subscribe()
      const aborted = (): Observable<void> => {
        const done = new AsyncSubject<void>()
        write(producer, 0, 'a')
        // Of what comes behind it a flush knows nothing, though that travels in the same request.
        const abort = concatMap(() => producer.abort())
        producer.flush().pipe(abort).subscribe(done)
        write(producer, 1, 'b')
        return done
      }
      expectObservable(scene.from(50, aborted)).toBe('70ms (a|)', { a: undefined })
      expectObservable(scene.requests('Produce')).toBe('30ms w 19ms x 5939ms y', {
        ...{ w: '1: 0#0 warm, 1#0 warm', x: '1: 0#1 a, 1#1 b', y: '1: 1#0 c' },
      })
      scene.at(5_000, () => expect(scene.valuesOf('t', 1)).toEqual(['warm']))
      const next = inTurn(begun(producer, [1, 'c']), () => producer.commit())
      expectObservable(scene.from(5_980, () => next)).toBe('6010ms (c|)', { c: undefined })
    })
    expect([committed(0), committed(1)]).toEqual([[], ['c']])
  })

  it('should hold a partition back until the transaction before is acknowledged there, and only that one', () => {
    const { scene, producerOf, write, begun, committed } = setUp()
    const [first, second] = [producerOf('tx-1'), producerOf('tx-2')]
    scene.inject({ api: 'Produce', partition: 0 }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      inTurn(() => first.init(), begun(first, [0, 'a'])).subscribe()
      second.init().subscribe()
      scene.at(50, () => {
        second.begin({ after: first })
        write(second, 0, 'b')
        write(second, 1, 'c')
      })
      scene.at(90, () => expect([scene.valuesOf('t', 0), scene.valuesOf('t', 1)]).toEqual([[], ['c']]))
      expectObservable(scene.requests('Produce')).toBe('30ms a 29ms c 79ms a 9ms b', {
        ...{ a: '1: 0#0 a', c: '2: 1#0 c', b: '1: 0#0 b' },
      })
      const ends = inTurn(
        () => second.flush(),
        act(() => expect(scene.valuesOf('t', 0)).toEqual(['a', 'b'])),
        () => first.commit(),
        () => second.commit(),
      )
      expectObservable(scene.from(91, () => ends)).toBe('180ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a', 'b'])
  })

  it('should wait out CONCURRENT_TRANSACTIONS, shortly at first', () => {
    const { scene, producerOf, begun, committed } = setUp()
    const producer = producerOf()
    scene.inject({ api: 'InitProducerId', times: 2 }, concurrent)
    scene.inject({ api: 'AddPartitionsToTxn', times: 2 }, concurrent)
    scene.inject({ api: 'EndTxn', times: 4 }, concurrent)
    scene.play(({ expectObservable }) => {
      const committing = inTurn(
        () => producer.init(),
        begun(producer, [0, 'a']),
        () => producer.commit(),
      )
      // 20, 40, 80, 160 ms between an answer and the next question.
      expectObservable(scene.requests('InitProducerId')).toBe('    10ms i 29ms i 49ms i', { i: '1' })
      expectObservable(scene.requests('AddPartitionsToTxn')).toBe('100ms a 29ms a 49ms a', { a: '1' })
      expectObservable(scene.requests('EndTxn')).toBe('           200ms e 29ms e 49ms e 89ms e 169ms e', { e: '1' })
      expectObservable(committing).toBe('550ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a'])
  })

  it('should look for the coordinator again after it has moved, and let a commit come twice', () => {
    const { scene, producerOf, begun, committed } = setUp()
    const producer = producerOf()
    scene.inject({ api: 'EndTxn' }, Fault.loseAnswer(brokerError(16, { api: 'EndTxn' })))
    scene.play(({ expectObservable }) => {
      const committing = inTurn(
        () => producer.init(),
        begun(producer, [0, 'a']),
        () => producer.commit(),
      )
      expectObservable(scene.requests('FindCoordinator')).toBe('f 69ms f', { f: '0' })
      expectObservable(scene.requests('EndTxn')).toBe('40ms e 39ms e', { e: '1' })
      expectObservable(committing).toBe('90ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a'])
  })

  it('should ask for its identity for longer than request.timeout.ms', () => {
    const { scene, producerOf, epochs } = setUp()
    const takeBack = scene.inject({ api: 'InitProducerId', ...always }, Fault.fail())
    scene.play(({ expectObservable }) => {
      scene.at(60_000, takeBack)
      expectObservable(epochs(producerOf())).toBe('60560ms (e|)', { e: '0' })
    })
  })

  it('should give its identity up after delivery.timeout.ms', () => {
    const { scene, producerOf } = setUp()
    scene.inject({ api: 'InitProducerId', ...always }, concurrent)
    scene.play(({ expectObservable }) => {
      expectObservable(producerOf().init()).toBe('119510ms #', undefined, matching({ code: 51, retriable: true }))
    })
  })

  it('should ask for no identity any more once it is closed: its id may be in use by a successor', () => {
    const { scene, producerOf, epochs } = setUp()
    const producer = producerOf()
    const takeBack = scene.inject({ api: 'InitProducerId', ...always }, concurrent)
    scene.play(({ expectObservable }) => {
      expectObservable(producer.init()).toBe('40ms #', undefined, matching({ _tag: 'IllegalState' }))
      expectObservable(scene.from(30, () => producer.close())).toBe('30ms (c|)', { c: undefined })
      scene.at(30, takeBack)
      expectObservable(scene.from(31, () => epochs(producerOf()))).toBe('41ms (e|)', { e: '0' })
    })
  })

  it('should let commit be called again when the coordinator was busy for too long', () => {
    const { scene, producerOf, begun, committed } = setUp()
    const producer = producerOf()
    scene.play(({ expectObservable }) => {
      inTurn(
        () => producer.init(),
        begun(producer, [0, 'a']),
        () => producer.flush(),
      ).subscribe()
      const takeBack = scene.inject({ api: 'EndTxn', ...always }, concurrent)
      const busy = scene.from(50, () => producer.commit())
      expectObservable(busy).toBe('29660ms #', undefined, matching({ code: 51, retriable: true }))
      const aborting = scene.from(40_000, () => producer.abort())
      expectObservable(aborting).toBe('40s #', undefined, matching({ _tag: 'IllegalState' }))
      scene.at(40_000, takeBack)
      expectObservable(scene.from(40_001, () => producer.commit())).toBe('40011ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a'])
  })

  it('should be told that it is fenced or expired, and then do no more', () => {
    const { scene, producerOf, write, begun } = setUp()
    const producer = producerOf()
    scene.play(({ expectObservable }) => {
      const fenced = inTurn(
        () => producer.init(),
        begun(producer, [0, 'a']),
        () => producer.flush(),
        () => producerOf().init(),
        () => producer.commit(),
      )
      const error = { _tag: 'TransactionLost', code: 47, fatal: true, retriable: false, transactionalId: 'tx' }
      const message = expect.stringMatching(
        /newer producer .* or the transaction was open longer than transaction\.timeout\.ms/,
      )
      expectObservable(fenced).toBe('60ms #', undefined, matching({ ...error, message }))
    })
    expect(() => write(producer, 0, 'b')).toThrow(/state lost/)
  })

  it('should fail while writing when it was fenced', () => {
    const { scene, producerOf, begun } = setUp()
    const producer = producerOf()
    const failures: KafkaError[] = []
    producer.failed$.subscribe((error) => failures.push(error))
    scene.play(({ expectObservable }) => {
      const fenced = inTurn(
        () => producer.init(),
        () => producerOf().init(),
        begun(producer, [0, 'a']),
        () => producer.flush(),
      )
      expectObservable(fenced).toBe('40ms #', undefined, matching({ _tag: 'Fenced', code: 90, fatal: true }))
    })
    expect(failures.map(({ code }) => code)).toEqual([90])
  })

  it('should refuse records outside of a transaction', () => {
    const { scene, producerOf, write } = setUp()
    expect(() => write(producerOf('new'), 0, 'a')).toThrow(/append\(\) .* state uninitialised/)
    const producer = producerOf()
    producer.init().subscribe()
    scene.scheduler.flush()
    expect(() => write(producer, 0, 'a')).toThrow(/append\(\) .* state ready\. Legal here: begin/)
  })

  it('should act once per subscription, and not before', () => {
    const { scene, producerOf } = setUp()
    const producer = producerOf()
    const init$ = producer.init()
    expect(() => producer.begin()).toThrow(/uninitialised/)
    init$.subscribe()
    scene.scheduler.flush()
    producer.begin()
  })
})

describe('resumeTransaction', () => {
  /** What a producer that is gone has flushed under `tx`, at 40 ms. */
  const prepared = () => {
    const set = setUp()
    const producer = set.producerOf()
    let producerId = -1n
    const noted = tap<{ readonly producerId: bigint }>((identity) => (producerId = identity.producerId))
    inTurn(
      () => producer.init().pipe(noted),
      set.begun(producer, [0, 'a']),
      () => producer.flush(),
    ).subscribe()
    const resume = (id = producerId) => resumeTransaction(set.scene.cluster, 'tx', id, 0)
    return { ...set, resume, after: <T>(work: () => Observable<T>, ms = 50) => set.scene.from(ms, work) }
  }
  const lost = (code: number) => matching({ _tag: 'TransactionLost', code, retriable: false })

  it('should commit what a producer that is gone has prepared, twice if need be', () => {
    const { scene, resume, after, committed } = prepared()
    scene.play(({ expectObservable }) => {
      const twice = inTurn(
        () => resume().commit(),
        () => resume().commit(),
      )
      expectObservable(after(() => twice)).toBe('70ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a'])
  })

  it('should know a transaction that was aborted before', () => {
    const { scene, resume, after } = prepared()
    scene.play(({ expectObservable }) => {
      const both = inTurn(
        () => resume().abort(),
        () => resume().commit(),
      )
      expectObservable(after(() => both)).toBe('70ms #', undefined, lost(48))
    })
  })

  it('should know a transaction that has expired', () => {
    const { scene, resume, after } = prepared()
    scene.play(({ expectObservable }) => {
      const { transactionTimeoutMs } = producerConfig()
      const late = after(() => resume().commit(), transactionTimeoutMs + 20)
      expectObservable(late).toBe('60030ms #', undefined, lost(47))
    })
  })

  it('should know a transaction that was taken over', () => {
    const { scene, producerOf, resume, after } = prepared()
    scene.play(({ expectObservable }) => {
      const both = inTurn(
        () => producerOf().init(),
        () => resume().commit(),
      )
      expectObservable(after(() => both)).toBe('70ms #', undefined, lost(47))
    })
  })

  it('should know a producer id that the coordinator has forgotten', () => {
    const { scene, resume, after } = prepared()
    scene.play(({ expectObservable }) => {
      expectObservable(after(() => resume(99n).commit())).toBe('60ms #', undefined, lost(49))
    })
  })

  it('should be retriable when the coordinator is not there for request.timeout.ms', () => {
    const { scene, resume, after, committed } = prepared()
    const takeBack = scene.inject({ api: 'EndTxn', ...always }, Fault.fail())
    scene.play(({ expectObservable }) => {
      const error = matching({ _tag: 'Connection', retriable: true })
      expectObservable(after(() => resume().commit())).toBe('30s #', undefined, error)
      const again = inTurn(act(takeBack), () => resume().commit())
      expectObservable(after(() => again, 31_000)).toBe('31020ms (c|)', { c: undefined })
    })
    expect(committed(0)).toEqual(['a'])
  })
})
