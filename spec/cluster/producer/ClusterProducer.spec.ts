import { describe, expect, it } from '@jest/globals'
import { concatMap, map, retry } from 'rxjs'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import { ClusterProducer } from '../../../lib/cluster/producer/ClusterProducer.js'
import { Fault } from '../../../lib/memory/Fault.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import { producerConfig } from '../support/producerConfig.js'
import { producerScene } from './support/producerScene.js'

const refusal = (code: number): Fault => Fault.fail(brokerError(code, { api: 'Produce', topic: 't' }))
const notEnoughReplicas = refusal(19)
const always = { times: Infinity }

/** What a picture has at its `#`. */
const matching = (error: object): unknown => expect.objectContaining(error)

/** A record of which two do not share a batch of 100 bytes. */
const large = (letter: string): string => letter.repeat(60)

// A request and its answer take 10 ms. The first thing that a producer asks for is its id, so its first batches leave at 10 ms.
describe('ClusterProducer', () => {
  it('should let the records of one burst share batches, and the batches of one leader a request', () => {
    const { scene, producer, write } = producerScene({}, { topics: { t: 6 } })
    scene.play(({ expectObservable }) => {
      write(0, 'a', 'b')
      write(3, 'c')
      write(1, 'd')
      expectObservable(scene.requests('Produce')).toBe('10ms (ab)', { a: '1: 0#0 a b, 3#0 c', b: '2: 1#0 d' })
      expectObservable(producer.flush()).toBe('         20ms (f|)', { f: undefined })
    })
  })

  it('should wait linger.ms for more records, but not in a flush', () => {
    const { scene, producer, write } = producerScene({ lingerMs: 50 })
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      scene.at(40, () => write(0, 'b'))
      scene.at(200, () => write(0, 'c'))
      expectObservable(scene.requests('Produce')).toBe('60ms a 159ms b', { a: '1: 0#0 a b', b: '1: 0#2 c' })
      expectObservable(scene.from(220, () => producer.flush())).toBe('230ms (f|)', { f: undefined })
    })
  })

  it('should refuse a partition that cannot be while the topic is not known yet, and write the others', () => {
    const { scene, producer } = producerScene({}, { topics: {} })
    scene.play(({ expectObservable }) => {
      producer.append({ topic: 't', partition: 0, value: 'a' })
      expect(() => producer.append({ topic: 't', partition: -1, value: 'b' })).toThrow(/Invalid partition: -1\./)
      producer.append({ topic: 't', partition: 1, value: 'c' })
      scene.kafka.createTopic('t', 2)
      expectObservable(scene.requests('Produce')).toBe('20ms (ac)', { a: '1: 0#0 a', c: '2: 1#0 c' })
    })
    expect([scene.valuesOf('t', 0), scene.valuesOf('t', 1)]).toEqual([['a'], ['c']])
  })

  it('should name a partition that the topic does not have, however high its number, when its time is over', () => {
    const { scene, producer, failures, write } = producerScene({ deliveryTimeoutMs: 1000 })
    const error = { _tag: 'DeliveryTimeout', topic: 't', partition: 2 ** 31 - 1 }
    scene.play(({ expectObservable }) => {
      write(2 ** 31 - 1, 'far')
      expectObservable(producer.flush()).toBe('1s #', undefined, matching(error))
    })
    expect(failures).toHaveLength(1)
  })

  it('should write to a partition that the topic gets later', () => {
    const { scene, producer, write } = producerScene({}, { topics: { t: 1 } })
    scene.play(({ expectObservable }) => {
      write(1, 'early')
      scene.kafka.createPartitions('t', 2)
      write(0, 'x')
      write(1, 'later')
      expectObservable(scene.requests('Produce')).toBe('10ms a 99ms b', { a: '1: 0#0 x', b: '2: 1#0 early later' })
      expectObservable(producer.flush()).toBe('120ms (f|)', { f: undefined })
    })
  })

  it('should send a full batch without lingering', () => {
    const { scene, write } = producerScene({ lingerMs: 60_000, batchSize: 100 })
    scene.play(({ expectObservable }) => {
      write(0, large('x'), large('y'))
      expectObservable(scene.requests('Produce')).toBe('10ms x', { x: `1: 0#0 ${large('x')}` })
    }, 100)
    expect(scene.valuesOf('t', 0)).toEqual([large('x')])
  })

  it('should emit a flush at once, but not during subscribe, when nothing is there', () => {
    const { scene, producer } = producerScene()
    const seen: string[] = []
    scene.play(({ expectObservable }) => {
      producer.flush().subscribe(() => seen.push('flushed'))
      seen.push('subscribed')
      expectObservable(producer.flush()).toBe('(f|)', { f: undefined })
    })
    expect(seen).toEqual(['subscribed', 'flushed'])
  })

  it('should keep requests within max.request.size', () => {
    const { scene, write } = producerScene({ batchSize: 1_000, maxRequestSize: 1_500 }, { topics: { t: 9 } })
    const partitions = ({ batches }: { readonly batches: readonly { readonly partition: number }[] }): string =>
      batches.map(({ partition }) => partition).join(' ')
    scene.play(({ expectObservable }) => {
      write(0, 'x'.repeat(800))
      write(3, 'x'.repeat(800))
      write(6, 'x'.repeat(300))
      expectObservable(scene.requests('Produce', partitions)).toBe('10ms (ab)', { a: '0 6', b: '3' })
    })
  })

  it('should send one batch of a partition first, and up to five at once when the broker knows the producer', () => {
    const { scene, write } = producerScene({ batchSize: 100 }, { topics: { t: 1 } })
    const sequence = ({ batches: [batch] }: { readonly batches: readonly { readonly baseSequence: number }[] }) =>
      batch!.baseSequence.toString(36)
    scene.play(({ expectObservable }) => {
      write(0, ...Array.from({ length: 12 }, (_, i) => large(i.toString(36))))
      expectObservable(scene.requests('Produce', sequence)).toBe('10ms 0 9ms (12345) 3ms (6789a) 3ms b')
    })
  })

  it('should send all again in order after a batch failed, under the same sequence numbers', () => {
    const { scene, producer, write } = producerScene({ batchSize: 100 }, { topics: { t: 1 } })
    const values = ['a', 'b', 'c', 'd'].map(large)
    scene.inject({ api: 'Produce', nth: 2 }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(0, values[0]!)
      scene.at(30, () => write(0, ...values.slice(1)))
      // The first goes alone until it is acknowledged.
      const [a, b, c, d] = values.map((value, sequence) => `1: 0#${sequence} ${value}`)
      expectObservable(scene.requests('Produce')).toBe('10ms a 19ms (bcd) 105ms b 9ms (cd)', { a, b, c, d })
      expectObservable(scene.from(31, () => producer.flush())).toBe('160ms (f|)', { f: undefined })
    })
    expect(scene.valuesOf('t', 0)).toEqual(values)
  })

  it('should take DUPLICATE_SEQUENCE_NUMBER for success', () => {
    const { scene, producer, write } = producerScene({}, { topics: { t: 1 } })
    scene.inject({ api: 'Produce' }, refusal(46))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      expectObservable(producer.flush()).toBe('20ms (f|)', { f: undefined })
    })
    expect(producer.stats.recordsAcked).toBe(1)
  })

  it('should fail when the log has lost a batch, since going on would hide it', () => {
    const { scene, producer, write, failures } = producerScene({}, { topics: { t: 1 } })
    scene.inject({ api: 'Produce', nth: 2 }, refusal(45))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      scene.at(30, () => write(0, 'b'))
      const error = { code: 45, topic: 't', partition: 0 }
      expectObservable(scene.from(31, () => producer.flush())).toBe('40ms #', undefined, matching(error))
    })
    expect(failures.map(({ code }) => code)).toEqual([45])
    expect(() => producer.append({ topic: 't', value: 'c' })).toThrow(failures[0])
  })

  it('should go on under a new producer id when the broker has forgotten the old one', () => {
    const { scene, write } = producerScene({}, { topics: { t: 2 }, brokers: 1 })
    scene.inject({ api: 'Produce', partition: 0, nth: 2 }, refusal(59))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      write(1, 'p')
      scene.at(30, () => write(0, 'b', 'c'))
      scene.at(400, () => {
        write(0, 'd')
        write(1, 'q')
      })
      expectObservable(scene.requests('InitProducerId')).toBe('a 39ms b', { a: '1', b: '1' })
      expectObservable(scene.requests('Produce')).toBe('10ms a 19ms b 109ms c 259ms d', {
        ...{ a: '1: 0#0 a, 1#0 p', b: '1: 0#1 b c', c: '1: 0#0 b c', d: '1: 0#2 d, 1#0 q' },
      })
    })
    expect(scene.valuesOf('t', 0)).toEqual(['a', 'b', 'c', 'd'])
    expect(scene.valuesOf('t', 1)).toEqual(['p', 'q'])
    const [before, after] = [...new Set(scene.batches.map(({ producerId }) => producerId))]
    expect(scene.logBatches('t', 0).map(({ writer }) => [writer!.producerId, writer!.baseSequence])).toEqual([
      [before, 0],
      [after, 0],
      [after, 2],
    ])
  })

  it('should split a batch that the topic finds too large, as often as needed', () => {
    const maxBytes = { 'max.message.bytes': '85' }
    const { scene, write } = producerScene({}, { topics: { t: 1 }, topicConfig: maxBytes })
    const values = Array.from({ length: 7 }, (_, i) => `v${i}`)
    scene.play(({ expectObservable }) => {
      write(0, ...values)
      const sizes = scene.requests('Produce', ({ batches: [batch] }) => String(batch!.values.length))
      expectObservable(sizes).toBe('10ms 7 9ms 4 9ms 2 9ms (23) 6ms 2 9ms 1')
    })
    expect(scene.valuesOf('t', 0)).toEqual(values)
    expect(scene.logBatches('t', 0).every(({ records }) => records.length <= 2)).toBe(true)
  })

  it('should fail with the size when a single record is too large for the topic', () => {
    const maxBytes = { 'max.message.bytes': '1' }
    const { scene, producer, write } = producerScene({}, { topics: { t: 1 }, topicConfig: maxBytes })
    const message = expect.stringMatching(/max\.message\.bytes.*single record and takes \d+ bytes/)
    scene.play(({ expectObservable }) => {
      write(0, 'large')
      expectObservable(producer.flush()).toBe('20ms #', undefined, matching({ _tag: 'RecordTooLarge', message }))
    })
  })

  it('should go to the new leader at once', () => {
    const { scene, write } = producerScene({}, { topics: { t: 1 } })
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      scene.at(200, () => {
        scene.log('t', 0).nextLeader(3)
        write(0, 'b')
      })
      // It hears of it, asks who leads now, and does not wait for its back-off.
      expectObservable(scene.requests('Produce')).toBe('10ms a 189ms b 19ms c', {
        ...{ a: '1: 0#0 a', b: '1: 0#1 b', c: '3: 0#1 b' },
      })
    })
  })

  it('should go on with other partitions while one is in trouble', () => {
    const { scene, write } = producerScene({}, { topics: { t: 2 }, brokers: 1 })
    scene.inject({ api: 'Produce', partition: 0 }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      write(1, 'b')
      scene.at(45, () => write(1, 'c'))
      expectObservable(scene.requests('Produce')).toBe('10ms a 34ms b 74ms c', {
        ...{ a: '1: 0#0 a, 1#0 b', b: '1: 1#1 c', c: '1: 0#0 a' },
      })
    })
    expect([scene.valuesOf('t', 0), scene.valuesOf('t', 1)]).toEqual([['a'], ['b', 'c']])
  })

  it('should try again after a back-off that doubles up to retry.backoff.max.ms', () => {
    const { scene, write } = producerScene({}, { topics: { t: 1 } })
    scene.inject({ api: 'Produce', times: 6 }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      // Answers take 10 ms; then 100, 200, 400, 800, 1000, 1000 ms.
      const picture = '10ms a 109ms a 209ms a 409ms a 809ms a 1009ms a 1009ms a'
      expectObservable(scene.requests('Produce')).toBe(picture, { a: '1: 0#0 a' })
    })
  })

  it('should send again what request.timeout.ms gave up, and know a late effect for its own', () => {
    const { scene, producer, write } = producerScene({}, { topics: { t: 1 }, config: { requestTimeoutMs: 1_000 } })
    scene.inject({ api: 'Produce' }, Fault.delay(1_500))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      expectObservable(scene.requests('Produce')).toBe('10ms a 1099ms a', { a: '1: 0#0 a' })
      expectObservable(producer.flush()).toBe('1120ms (f|)', { f: undefined })
    })
    expect(scene.valuesOf('t', 0)).toEqual(['a'])
  })

  it('should give up after delivery.timeout.ms, naming topic, partition and the last trouble', () => {
    const { scene, producer, write, failures } = producerScene({ deliveryTimeoutMs: 5_000 })
    scene.inject({ api: 'Produce', ...always }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(2, 'a')
      const error = { _tag: 'DeliveryTimeout', topic: 't', partition: 2, retriable: true }
      const message = expect.stringMatching(/t-2 .*5000 ms.*NOT_ENOUGH_REPLICAS/)
      expectObservable(producer.flush()).toBe('5s #', undefined, matching({ ...error, message }))
    })
    expect(failures).toHaveLength(1)
  })

  it('should give up after so many retries as are allowed', () => {
    const { scene, producer, write } = producerScene({ retries: 2 })
    scene.inject({ api: 'Produce', ...always }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      const error = { code: 19, message: expect.stringMatching(/retried 2 times/) }
      expectObservable(scene.requests('Produce')).toBe('10ms a 109ms a 209ms a', { a: '1: 0#0 a' })
      expectObservable(producer.flush()).toBe('         340ms #', undefined, matching(error))
    })
  })

  it('should hold records until their topic is there', () => {
    const { scene, producer, write } = producerScene({}, { topics: {} })
    scene.play(({ expectObservable }) => {
      write(1, 'a', 'b')
      scene.at(1_000, () => {
        scene.kafka.createTopic('t', 2)
        write(1, 'c')
      })
      expectObservable(scene.requests('Produce')).toBe('1590ms a', { a: '2: 1#0 a b c' })
      expectObservable(producer.flush()).toBe('         1600ms (f|)', { f: undefined })
    })
    expect(producer.stats).toMatchObject({ recordsSent: 3, recordsAcked: 3 })
  })

  it('should name the topic that never comes', () => {
    const { scene, producer, write } = producerScene({ deliveryTimeoutMs: 3_000 }, { topics: {} })
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      const message = expect.stringMatching(/UNKNOWN_TOPIC_OR_PARTITION/)
      const error = { _tag: 'DeliveryTimeout', topic: 't', message }
      expectObservable(producer.flush()).toBe('3s #', undefined, matching(error))
    }, 10_000)
  })

  it('should warn of a topic that is missing at once, and give up after max.block.ms', () => {
    const { scene, producer, write, failures } = producerScene({ maxBlockMs: 3_000 }, { topics: {} })
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      scene.at(30, () =>
        expect(scene.warnings).toEqual([
          expect.stringMatching(/^Topic t does not exist \(UNKNOWN_TOPIC_OR_PARTITION\).*max\.block\.ms \(3000 ms\)/),
        ]),
      )
      const error = { _tag: 'DeliveryTimeout', retriable: true, fatal: true, topic: 't', code: 3 }
      const message = expect.stringMatching(
        /^Topic t not present in metadata after 3000 ms \(max\.block\.ms\)\. Metadata of t: /,
      )
      expectObservable(producer.flush()).toBe('3020ms #', undefined, matching({ ...error, message }))
    })
    expect(failures).toHaveLength(1)
    expect(scene.warnings).toHaveLength(1)
    expect(() => producer.append({ topic: 't', value: 'b' })).toThrow(/not present in metadata/)
  })

  it('should warn of it once, however many producers ask, and say when it is there', () => {
    const { scene, producer, write } = producerScene({}, { topics: {} })
    const other = new ClusterProducer(scene.cluster, producerConfig())
    const partitionsOf = (one: ClusterProducer) => () => one.partitionsFor('t').pipe(map((all) => all.join(' ')))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      scene.at(500, () => scene.kafka.createTopic('t', 2))
      expectObservable(scene.from(0, partitionsOf(other))).toBe('530ms (p|)', { p: '0 1' })
      expectObservable(producer.flush()).toBe('                  860ms (f|)', { f: undefined })
      expectObservable(scene.from(900, partitionsOf(producer))).toBe('900ms (p|)', { p: '0 1' })
    })
    expect(scene.warnings).toEqual([
      expect.stringContaining('Topic t does not exist'),
      'Topic t is there now; what waited for it is written.',
    ])
  })

  it('should write a record of a topic whose partitions are being asked for', () => {
    const { scene, producer, write } = producerScene({}, { topics: {} })
    scene.play(({ expectObservable }) => {
      const partitions = producer.partitionsFor('t').pipe(map((all) => all.join(' ')))
      expectObservable(partitions).toBe('10ms (p|)', { p: '0 1' })
      scene.at(0, () => write(0, 'a'))
      scene.at(1, () => scene.kafka.createTopic('t', 2))
      expectObservable(scene.requests('Produce')).toBe('20ms a', { a: '1: 0#0 a' })
    })
  })

  it('should ask anew for a topic when it is asked again after it was not there in time', () => {
    const { scene, producer } = producerScene({ maxBlockMs: 1_000 }, { topics: {} })
    scene.play(({ expectObservable }) => {
      scene.at(1_500, () => scene.kafka.createTopic('t', 2))
      const partitions = producer.partitionsFor('t').pipe(
        retry(1),
        map((all) => all.join(' ')),
      )
      expectObservable(partitions).toBe('1870ms (p|)', { p: '0 1' })
    })
  })

  it('should tell of its failure also when it is closed from within the answer to a flush', () => {
    const { scene, producer, write } = producerScene()
    scene.inject({ api: 'Produce' }, refusal(87))
    scene.play(({ expectObservable }) => {
      const failed = producer.failed$.pipe(map(({ codeName }: KafkaError) => codeName))
      expectObservable(failed).toBe('20ms (f|)', { f: 'INVALID_RECORD' })
      write(0, 'a')
      producer.flush().subscribe({ error: () => producer.close().subscribe() })
    })
    expect(producer.isClosed).toBe(true)
  })

  it('should name a partition that the topic does not have', () => {
    const { scene, producer, write } = producerScene({ deliveryTimeoutMs: 3_000 }, { topics: { t: 2 } })
    scene.play(({ expectObservable }) => {
      write(0, 'known')
      scene.at(30, () => write(5, 'a'))
      const message = expect.stringMatching(/t has 2 partitions, so there is no partition 5/)
      const error = { _tag: 'DeliveryTimeout', partition: 5, message }
      expectObservable(scene.from(31, () => producer.flush())).toBe('3030ms #', undefined, matching(error))
    })
  })

  it('should say when there is no room, and when there is again', () => {
    const { scene, producer } = producerScene({ bufferMemory: 500, lingerMs: 1_000 })
    scene.play(({ expectObservable }) => {
      expect(producer.append({ topic: 't', partition: 0, value: 'x'.repeat(100) })).toBe(true)
      expect(producer.append({ topic: 't', partition: 0, value: 'x'.repeat(400) })).toBe(false)
      expectObservable(producer.room$).toBe('20ms r', { r: undefined })
      scene.at(200, () => expect(producer.append({ topic: 't', partition: 0, value: 'x' })).toBe(true))
    })
  })

  it('should give up at once when it is closed, and say so', () => {
    const { scene, producer, write } = producerScene({ lingerMs: 1_000 })
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      expectObservable(producer.flush()).toBe('--#', undefined, matching({ _tag: 'IllegalState' }))
      expectObservable(scene.from(2, () => producer.close())).toBe('--(c|)', { c: undefined })
      scene.at(3, () => expect(() => write(0, 'b')).toThrow(/closed/))
      expectObservable(scene.requests('Produce')).toBe('')
    })
    // The answer to its question for an id; no timer of its own.
    expect(scene.scheduler.now()).toBe(10)
  })

  it('should end with its connection what is in flight, and close, while a broker holds an answer back', () => {
    const { scene, producer, write } = producerScene({}, { config: { requestTimeoutMs: 1_000 } })
    scene.inject({ api: 'Produce' }, Fault.delay(20_000))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      expectObservable(scene.from(50, () => producer.close())).toBe('1010ms (c|)', { c: undefined })
    })
  })

  it('should not retry what no retry mends', () => {
    const { scene, producer, write, failures } = producerScene()
    scene.inject({ api: 'Produce' }, refusal(29))
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      const error = matching({ _tag: 'Authorization', topic: 't' })
      expectObservable(producer.flush()).toBe('         20ms #', undefined, error)
      expectObservable(scene.requests('Produce')).toBe('10ms a', { a: '1: 0#0 a' })
    })
    expect(failures).toHaveLength(1)
  })

  it('should write without a producer id when it is not idempotent', () => {
    const { scene, producer, write } = producerScene(
      { idempotence: false, acks: 1, batchSize: 100 },
      { topics: { t: 1 } },
    )
    const values = ['a', 'b', 'c'].map(large)
    scene.inject({ api: 'Produce' }, notEnoughReplicas)
    scene.play(({ expectObservable }) => {
      write(0, ...values)
      const [a, b, c] = values.map((value) => `1: 0#-1 ${value}`)
      expectObservable(scene.requests('Produce')).toBe('a 109ms a 9ms b 9ms c', { a, b, c })
      expectObservable(producer.flush().pipe(concatMap(() => scene.valuesOf('t', 0)))).toBe('140ms (abc|)', {
        ...{ a: values[0], b: values[1], c: values[2] },
      })
    })
    expect(scene.batches[0]).toMatchObject({ producerId: -1n, epoch: -1, baseSequence: -1 })
  })

  it('should ask another broker for its id when one has trouble, shortly at first, up to delivery.timeout.ms', () => {
    const { scene, producer, write } = producerScene({ deliveryTimeoutMs: 500 })
    scene.inject({ api: 'InitProducerId', ...always }, Fault.fail())
    scene.play(({ expectObservable }) => {
      write(0, 'a')
      expectObservable(scene.requests('InitProducerId')).toBe('a 29ms b 49ms c 89ms a 169ms b', {
        ...{ a: '2', b: '3', c: '1' },
      })
      expectObservable(producer.flush()).toBe('350ms #', undefined, matching({ _tag: 'Connection' }))
    })
  })

  it('should refuse idempotence without acks=all', () => {
    expect(() => producerScene({ acks: 1 })).toThrow(/enable\.idempotence needs acks=all/)
  })
})
