import { describe, expect, it } from '@jest/globals'
import { firstValueFrom, retry } from 'rxjs'
import type { ProducerConfig } from '../../../lib/client/KafkaConfig.js'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import { ClusterProducer } from '../../../lib/cluster/producer/ClusterProducer.js'
import { FakeCluster } from './support/FakeCluster.js'
import { producerConfig } from './support/producerConfig.js'
import { seededRandom } from './support/seededRandom.js'
import { StepScheduler } from './support/StepScheduler.js'

const setUp = (config: Partial<ProducerConfig> = {}, partitions = 3) => {
  const scheduler = new StepScheduler()
  const cluster = new FakeCluster(scheduler, seededRandom(1))
  if (partitions > 0) cluster.addTopic('t', partitions)
  const producer = new ClusterProducer(cluster, producerConfig(config))
  const failures: KafkaError[] = []
  producer.failed$.subscribe((error) => failures.push(error))
  const write = (partition: number, ...values: readonly string[]): void =>
    values.forEach((value) => producer.append({ topic: 't', partition, value }))
  const flush = (): Promise<void> => scheduler.until(firstValueFrom(producer.flush()))
  return { scheduler, cluster, producer, failures, write, flush }
}

const sequences = (cluster: FakeCluster) =>
  cluster.requests.flatMap(({ batches }) => batches.map(({ partition, baseSequence }) => [partition, baseSequence]))

describe('ClusterProducer', () => {
  it('should let the records of one burst share batches, and the batches of one leader a request', async () => {
    const { cluster, write, flush } = setUp({}, 6)
    write(0, 'a', 'b')
    write(3, 'c')
    write(1, 'd')
    await flush()
    expect(cluster.requests.map(({ nodeId, batches }) => [nodeId, batches.map(({ values }) => values)])).toEqual([
      [0, [['a', 'b'], ['c']]],
      [1, [['d']]],
    ])
  })

  it('should wait linger.ms for more records, but not in a flush', async () => {
    const { scheduler, cluster, write, flush } = setUp({ lingerMs: 50 })
    write(0, 'a')
    await scheduler.advance(40)
    write(0, 'b')
    await scheduler.advance(5)
    expect(cluster.requests).toEqual([])
    await scheduler.advance(10)
    expect(cluster.requests.map(({ batches }) => batches[0]?.values)).toEqual([['a', 'b']])
    write(0, 'c')
    const before = scheduler.now()
    await flush()
    expect(scheduler.now() - before).toBeLessThan(50)
  })

  it('should refuse a partition that cannot be while the topic is not known yet, and write the others', async () => {
    const { cluster, producer, flush } = setUp({}, 0)
    producer.append({ topic: 't', partition: 0, value: 'a' })
    expect(() => producer.append({ topic: 't', partition: -1, value: 'b' })).toThrow(/Invalid partition: -1\./)
    producer.append({ topic: 't', partition: 1, value: 'c' })
    cluster.addTopic('t', 2)
    await flush()
    expect([cluster.valuesOf('t', 0), cluster.valuesOf('t', 1)]).toEqual([['a'], ['c']])
  })

  it('should name a partition that the topic does not have, however high its number, when its time is over', async () => {
    const { scheduler, producer, failures, write } = setUp({ deliveryTimeoutMs: 1000 })
    write(2 ** 31 - 1, 'far')
    const flushed = scheduler.until(firstValueFrom(producer.flush())).catch((error: unknown) => error)
    await scheduler.advance(2000)
    expect(await flushed).toMatchObject({ _tag: 'DeliveryTimeout', topic: 't', partition: 2 ** 31 - 1 })
    expect(failures).toHaveLength(1)
  })

  it('should write to a partition that the topic gets later', async () => {
    const { cluster, write, flush } = setUp({}, 1)
    write(1, 'early')
    cluster.addTopic('t', 2)
    write(0, 'x')
    write(1, 'later')
    await flush()
    expect([cluster.valuesOf('t', 0), cluster.valuesOf('t', 1)]).toEqual([['x'], ['early', 'later']])
  })

  it('should send a full batch without lingering', async () => {
    const { scheduler, cluster, write } = setUp({ lingerMs: 60_000, batchSize: 100 })
    write(0, 'x'.repeat(60), 'y'.repeat(60))
    await scheduler.advance(100)
    expect(cluster.valuesOf('t', 0)).toEqual(['x'.repeat(60)])
  })

  it('should emit a flush at once, but not during subscribe, when nothing is there', async () => {
    const { producer, scheduler } = setUp()
    const seen: string[] = []
    producer.flush().subscribe(() => seen.push('flushed'))
    seen.push('subscribed')
    await scheduler.advance(0)
    expect(seen).toEqual(['subscribed', 'flushed'])
  })

  it('should keep requests within max.request.size', async () => {
    const { cluster, write, flush } = setUp({ batchSize: 1_000, maxRequestSize: 1_500 }, 9)
    write(0, 'x'.repeat(800))
    write(3, 'x'.repeat(800))
    write(6, 'x'.repeat(300))
    await flush()
    expect(cluster.requests.map(({ batches }) => batches.map(({ partition }) => partition))).toEqual([[0, 6], [3]])
  })

  it('should send one batch of a partition first, and up to five at once when the broker knows the producer', async () => {
    const { cluster, write, flush } = setUp({ batchSize: 100 }, 1)
    write(0, ...Array.from({ length: 12 }, (_, i) => String(i).padStart(60, '.')))
    await flush()
    expect(cluster.pipelines.slice(0, 6)).toEqual([1, 1, 2, 3, 4, 5])
    expect(Math.max(...cluster.pipelines)).toBe(5)
  })

  it('should send all again in order after a batch failed, under the same sequence numbers', async () => {
    const { cluster, write, flush } = setUp({ batchSize: 100 }, 1)
    const values = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(60))
    write(0, values[0]!)
    await flush()
    cluster.scripted.push(19)
    write(0, ...values.slice(1))
    await flush()
    expect(cluster.valuesOf('t', 0)).toEqual(values)
    expect(sequences(cluster).map(([, sequence]) => sequence)).toEqual([0, 1, 2, 3, 1, 2, 3])
  })

  it('should take DUPLICATE_SEQUENCE_NUMBER for success', async () => {
    const { cluster, producer, write, flush } = setUp({}, 1)
    cluster.scripted.push(46)
    write(0, 'a')
    await flush()
    expect(producer.stats.recordsAcked).toBe(1)
  })

  it('should fail when the log has lost a batch, since going on would hide it', async () => {
    const { cluster, producer, write, failures, flush } = setUp({}, 1)
    write(0, 'a')
    await flush()
    cluster.scripted.push(45)
    write(0, 'b')
    await expect(flush()).rejects.toMatchObject({ code: 45, topic: 't', partition: 0 })
    expect(failures.map(({ code }) => code)).toEqual([45])
    expect(() => producer.append({ topic: 't', value: 'c' })).toThrow(failures[0])
  })

  it('should go on under a new producer id when the broker has forgotten the old one', async () => {
    const { cluster, write, flush } = setUp({}, 2)
    write(0, 'a')
    write(1, 'p')
    await flush()
    cluster.log('t', 0).forgetProducers()
    cluster.scripted.push(59)
    write(0, 'b', 'c')
    await flush()
    write(0, 'd')
    write(1, 'q')
    await flush()
    expect(cluster.valuesOf('t', 0)).toEqual(['a', 'b', 'c', 'd'])
    expect(cluster.valuesOf('t', 1)).toEqual(['p', 'q'])
    expect(cluster.log('t', 0).batches.map(({ producerId, baseSequence }) => [producerId, baseSequence])).toEqual([
      [1n, 0],
      [2n, 0],
      [2n, 2],
    ])
  })

  it('should split a batch that the topic finds too large, as often as needed', async () => {
    const { cluster, write, flush } = setUp({}, 1)
    cluster.maxBatchRecords = 2
    const values = Array.from({ length: 7 }, (_, i) => `v${i}`)
    write(0, ...values)
    await flush()
    expect(cluster.valuesOf('t', 0)).toEqual(values)
    expect(cluster.log('t', 0).batches.every((batch) => batch.values.length <= 2)).toBe(true)
  })

  it('should fail with the size when a single record is too large for the topic', async () => {
    const { cluster, write, flush } = setUp({}, 1)
    cluster.maxBatchRecords = 0
    write(0, 'large')
    await expect(flush()).rejects.toMatchObject({
      _tag: 'RecordTooLarge',
      message: expect.stringMatching(/max\.message\.bytes.*single record and takes \d+ bytes/),
    })
  })

  it('should go to the new leader at once', async () => {
    const { scheduler, cluster, write, flush } = setUp({}, 1)
    write(0, 'a')
    await flush()
    cluster.moveLeader('t', 0, 2)
    const before = scheduler.now()
    write(0, 'b')
    await flush()
    expect(cluster.requests.map(({ nodeId }) => nodeId)).toEqual([0, 0, 2])
    expect(scheduler.now() - before).toBeLessThan(60)
  })

  it('should go on with other partitions while one is in trouble', async () => {
    const { scheduler, cluster, write } = setUp({}, 2)
    write(0, 'a')
    write(1, 'b')
    cluster.scripted.push(...Array.from({ length: 1 }, () => 19))
    await scheduler.advance(25)
    cluster.scripted.push(...Array.from({ length: 0 }, () => 19))
    write(1, 'c')
    await scheduler.advance(25)
    expect(cluster.valuesOf('t', 1)).toEqual(['b', 'c'])
    expect(cluster.valuesOf('t', 0)).toEqual([])
    await scheduler.advance(200)
    expect(cluster.valuesOf('t', 0)).toEqual(['a'])
  })

  it('should give up after delivery.timeout.ms, naming topic, partition and the last trouble', async () => {
    const { scheduler, cluster, write, flush, failures } = setUp({ deliveryTimeoutMs: 5_000 })
    cluster.faults = { notEnoughReplicas: 1 }
    write(2, 'a')
    await expect(flush()).rejects.toMatchObject({
      ...{ _tag: 'DeliveryTimeout', topic: 't', partition: 2, retriable: true },
      message: expect.stringMatching(/t-2 .*5000 ms.*NOT_ENOUGH_REPLICAS/),
    })
    expect(scheduler.now()).toBe(5_000)
    expect(failures).toHaveLength(1)
  })

  it('should give up after so many retries as are allowed', async () => {
    const { cluster, write, flush } = setUp({ retries: 2 })
    cluster.faults = { notEnoughReplicas: 1 }
    write(0, 'a')
    await expect(flush()).rejects.toMatchObject({ code: 19, message: expect.stringMatching(/retried 2 times/) })
    expect(cluster.requests).toHaveLength(3)
  })

  it('should hold records until their topic is there', async () => {
    const { scheduler, cluster, producer, write, flush } = setUp({}, 0)
    write(1, 'a', 'b')
    const flushed = flush()
    await scheduler.advance(1_000)
    cluster.addTopic('t', 2)
    write(1, 'c')
    await flushed
    await flush()
    expect(cluster.valuesOf('t', 1)).toEqual(['a', 'b', 'c'])
    expect(producer.stats).toMatchObject({ recordsSent: 3, recordsAcked: 3 })
  })

  it('should name the topic that never comes', async () => {
    const { write, flush } = setUp({ deliveryTimeoutMs: 3_000 }, 0)
    write(0, 'a')
    await expect(flush()).rejects.toMatchObject({
      ...{ _tag: 'DeliveryTimeout', topic: 't' },
      message: expect.stringMatching(/UNKNOWN_TOPIC_OR_PARTITION/),
    })
  })

  it('should warn of a topic that is missing at once, and give up after max.block.ms', async () => {
    const { scheduler, cluster, producer, write, flush, failures } = setUp({ maxBlockMs: 3_000 }, 0)
    write(0, 'a')
    const flushed = flush().catch((error: unknown) => error)
    await scheduler.advance(200)
    expect(cluster.warnings).toEqual([
      expect.stringMatching(/^Topic t does not exist \(UNKNOWN_TOPIC_OR_PARTITION\).*max\.block\.ms \(3000 ms\)/),
    ])
    expect(await flushed).toMatchObject({
      ...{ _tag: 'DeliveryTimeout', retriable: true, fatal: true, topic: 't', code: 3 },
      message: expect.stringMatching(
        /^Topic t not present in metadata after 3000 ms \(max\.block\.ms\)\. Metadata of t: /,
      ),
    })
    expect(scheduler.now()).toBeLessThan(3_100)
    expect(failures).toHaveLength(1)
    expect(cluster.warnings).toHaveLength(1)
    expect(() => producer.append({ topic: 't', value: 'b' })).toThrow(/not present in metadata/)
  })

  it('should warn of it once, however many producers ask, and say when it is there', async () => {
    const { scheduler, cluster, producer, write, flush } = setUp({}, 0)
    const other = new ClusterProducer(cluster, producerConfig())
    write(0, 'a')
    const flushed = flush()
    const partitions = firstValueFrom(other.partitionsFor('t'))
    await scheduler.advance(500)
    cluster.addTopic('t', 2)
    await scheduler.advance(2_000)
    expect(await partitions).toEqual([0, 1])
    await flushed
    expect(await scheduler.until(firstValueFrom(producer.partitionsFor('t')))).toEqual([0, 1])
    expect(cluster.warnings).toEqual([
      expect.stringContaining('Topic t does not exist'),
      'Topic t is there now; what waited for it is written.',
    ])
  })

  it('should write a record of a topic whose partitions are being asked for', async () => {
    const { scheduler, cluster, producer, write, flush } = setUp({}, 0)
    const partitions = firstValueFrom(producer.partitionsFor('t'))
    write(0, 'a')
    cluster.addTopic('t', 2)
    await flush()
    expect(await scheduler.until(partitions)).toEqual([0, 1])
    expect(cluster.valuesOf('t', 0)).toEqual(['a'])
  })

  it('should ask anew for a topic when it is asked again after it was not there in time', async () => {
    const { scheduler, cluster, producer } = setUp({ maxBlockMs: 1_000 }, 0)
    scheduler.after(1_500, () => cluster.addTopic('t', 2))
    expect(await scheduler.until(firstValueFrom(producer.partitionsFor('t').pipe(retry(1))))).toEqual([0, 1])
  })

  it('should tell of its failure also when it is closed from within the answer to a flush', async () => {
    const { scheduler, cluster, producer, write } = setUp()
    const failures: string[] = []
    producer.failed$.subscribe(({ codeName = '' }) => failures.push(codeName))
    cluster.scripted.push(87)
    write(0, 'a')
    producer.flush().subscribe({ error: () => producer.close().subscribe() })
    await scheduler.advance(1_000)
    expect([failures, producer.isClosed]).toEqual([['INVALID_RECORD'], true])
  })

  it('should name a partition that the topic does not have', async () => {
    const { write, flush } = setUp({ deliveryTimeoutMs: 3_000 }, 2)
    write(0, 'known')
    await flush()
    write(5, 'a')
    await expect(flush()).rejects.toMatchObject({
      ...{ _tag: 'DeliveryTimeout', partition: 5 },
      message: expect.stringMatching(/t has 2 partitions, so there is no partition 5/),
    })
  })

  it('should say when there is no room, and when there is again', async () => {
    const { scheduler, producer } = setUp({ bufferMemory: 500, lingerMs: 1_000 })
    const room: number[] = []
    producer.room$.subscribe(() => room.push(scheduler.now()))
    expect(producer.append({ topic: 't', partition: 0, value: 'x'.repeat(100) })).toBe(true)
    expect(producer.append({ topic: 't', partition: 0, value: 'x'.repeat(400) })).toBe(false)
    await scheduler.advance(200)
    expect(room).toHaveLength(1)
    expect(producer.append({ topic: 't', partition: 0, value: 'x' })).toBe(true)
  })

  it('should give up at once when it is closed, and say so', async () => {
    const { scheduler, producer, write } = setUp({ lingerMs: 1_000 })
    write(0, 'a')
    const flushed = firstValueFrom(producer.flush())
    const refused = expect(flushed).rejects.toMatchObject({ _tag: 'IllegalState' })
    await scheduler.until(firstValueFrom(producer.close()))
    await refused
    expect(() => write(0, 'b')).toThrow(/closed/)
    await scheduler.advance(100)
    expect(scheduler.pending).toBe(0)
  })

  it('should not retry what no retry mends', async () => {
    const { cluster, write, flush, failures } = setUp()
    cluster.scripted.push(29)
    write(0, 'a')
    await expect(flush()).rejects.toMatchObject({ _tag: 'Authorization', topic: 't' })
    expect(failures).toHaveLength(1)
    expect(cluster.requests).toHaveLength(1)
  })

  it('should write without a producer id when it is not idempotent', async () => {
    const { cluster, write, flush } = setUp({ idempotence: false, acks: 1, batchSize: 100 }, 1)
    const values = ['a', 'b', 'c'].map((letter) => letter.repeat(60))
    cluster.scripted.push(19)
    write(0, ...values)
    await flush()
    expect(cluster.valuesOf('t', 0)).toEqual(values)
    expect(cluster.log('t', 0).batches[0]).toMatchObject({ producerId: -1n, epoch: -1, baseSequence: -1 })
  })

  it('should refuse idempotence without acks=all', () => {
    expect(() => setUp({ acks: 1 })).toThrow(/enable\.idempotence needs acks=all/)
  })
})
