import { describe, expect, it } from '@jest/globals'
import { concatMap, map, type Observable } from 'rxjs'
import type { ProducerConfig } from '../../../lib/client/KafkaConfig.js'
import { ClusterTransactionalProducer } from '../../../lib/cluster/producer/ClusterTransactionalProducer.js'
import { Fault } from '../../../lib/memory/Fault.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import { ClientScene } from '../support/ClientScene.js'
import { producerConfig } from '../support/producerConfig.js'

const [concurrent, notEnoughReplicas] = [51, 19].map((code) => Fault.fail(brokerError(code, { api: 'spec' })))
const matching = (error: object): unknown => expect.objectContaining(error)

/** `request.timeout.ms` is 1 s. */
const setUp = () => {
  const scene = new ClientScene({ config: { requestTimeoutMs: 1_000 } })
  const producerOf = (config: Partial<ProducerConfig> = {}) =>
    new ClusterTransactionalProducer(scene.cluster, 'tx', producerConfig(config))
  /** The epoch that it got, with a question mark where that is in doubt. */
  const init = (producer: ClusterTransactionalProducer): Observable<string> =>
    producer.init().pipe(map(({ epoch, inDoubt = false }) => `${epoch}${inDoubt ? '?' : ''}`))
  const write = (producer: ClusterTransactionalProducer, value: string): void => {
    producer.begin()
    producer.append({ topic: 't', partition: 0, value })
  }
  return { scene, producerOf, init, write }
}

// A request and its answer take 10 ms; before its InitProducerId, a producer asks for its coordinator.
describe('an InitProducerId that gets no answer', () => {
  it('should leave the next one in doubt: the broker carries it out late, and fences who has written meanwhile', () => {
    const { scene, producerOf, init, write } = setUp()
    const producer = producerOf()
    scene.inject({ api: 'InitProducerId' }, Fault.delay(2_000))
    scene.play(({ expectObservable }) => {
      expectObservable(scene.requests('InitProducerId')).toBe('10ms i 1029ms i', { i: '1' })
      expectObservable(init(producer)).toBe('1050ms (e|)', { e: '0?' })
      scene.at(1_500, () => write(producer, 'a'))
      const commit = scene.from(2_100, () => producer.commit())
      expectObservable(commit).toBe('2110ms #', undefined, matching({ _tag: 'TransactionLost', code: 47 }))
    })
  })

  it('should leave nothing in doubt where an answer refused it, or where it never left', () => {
    const { scene, producerOf, init } = setUp()
    scene.inject({ api: 'InitProducerId' }, concurrent!)
    scene.play(({ expectObservable }) => {
      expectObservable(init(producerOf())).toBe('50ms (e|)', { e: '0' })
      scene.at(100, () => scene.unreachable.add(1))
      scene.at(350, () => scene.unreachable.clear())
      expectObservable(scene.from(200, () => init(producerOf()))).toBe('380ms (e|)', { e: '1' })
    })
  })

  it('should leave it in doubt after an init that failed as a whole, for the same producer and for the next', () => {
    const { scene, producerOf, init } = setUp()
    const producer = producerOf({ deliveryTimeoutMs: 1_500 })
    scene.inject({ api: 'InitProducerId' }, Fault.delay(5_000))
    const takeBack = scene.inject({ api: 'InitProducerId', times: Infinity }, concurrent!)
    scene.play(({ expectObservable }) => {
      expectObservable(init(producer)).toBe('1360ms #', undefined, matching({ code: 51 }))
      scene.at(2_000, takeBack)
      expectObservable(scene.from(2_001, () => init(producer))).toBe('2011ms (e|)', { e: '0?' })
      expectObservable(scene.from(3_000, () => init(producerOf()))).toBe('3010ms (e|)', { e: '1?' })
    })
  })

  it('should stop a producer that needs it for a new epoch after an abort, before it opens a transaction', () => {
    const { scene, producerOf, init, write } = setUp()
    const producer = producerOf()
    scene.inject({ api: 'Produce', times: 1 }, notEnoughReplicas!)
    scene.inject({ api: 'InitProducerId', nth: 2 }, Fault.loseAnswer())
    scene.play(({ expectObservable }) => {
      expectObservable(init(producer)).toBe('20ms (e|)', { e: '0' })
      scene.at(30, () => write(producer, 'a'))
      const next = scene
        .from(70, () => producer.abort())
        .pipe(
          map(() => write(producer, 'b')),
          concatMap(() => producer.flush()),
        )
      const error = { _tag: 'Fenced', retriable: true, fatal: true, transactionalId: 'tx' }
      expectObservable(next).toBe('130ms #', undefined, matching(error))
      expectObservable(producer.failed$).toBe('130ms f', { f: matching(error) })
      expectObservable(scene.requests('AddPartitionsToTxn')).toBe('30ms a', { a: '1' })
    })
    expect(scene.valuesOf('t', 0)).toEqual([])
  })
})
