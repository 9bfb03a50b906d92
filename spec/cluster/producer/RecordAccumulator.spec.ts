import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ProducerRecord } from '../../../lib/client/ProducerRecord.js'
import { partitionOfKey } from '../../../lib/client/murmur2.js'
import { AckLatch } from '../../../lib/cluster/producer/AckLatch.js'
import type { PartitionQueue } from '../../../lib/cluster/producer/PartitionQueue.js'
import { type AccumulatorConfig, RecordAccumulator } from '../../../lib/cluster/producer/RecordAccumulator.js'
import { type ReceivedBatch, receivedBatch } from '../support/receivedBatch.js'

const accumulate = (
  config: Partial<AccumulatorConfig> = {},
  partitions: { count: number | undefined } = { count: 4 },
  random = () => 0,
) => {
  const events: string[] = []
  const accumulator = new RecordAccumulator(
    { batchSize: 200, bufferMemory: 1_000_000, maxRequestSize: 10_000, window: 5, ...config },
    {
      partitionCount: () => partitions.count,
      begun: () => events.push('begun'),
      filled: () => events.push('filled'),
      held: () => events.push('held'),
    },
    () => 0,
    random,
  )
  return { accumulator, events, partitions }
}

const batchesOf = (queue: PartitionQueue): ReceivedBatch[] =>
  queue.unacknowledged.map((batch) =>
    receivedBatch({ topic: queue.topic, partition: queue.partition, records: batch.encode('none') }),
  )

const valuesOf = (accumulator: RecordAccumulator, partition: number): string[] =>
  accumulator.queues
    .filter((queue) => queue.partition === partition)
    .flatMap(batchesOf)
    .flatMap((batch) => batch.values)

const acknowledgeAll = (accumulator: RecordAccumulator): void => {
  for (const queue of accumulator.queues) {
    while (queue.waiting !== undefined) {
      const batch = queue.take(0)
      queue.acknowledged(batch)
      accumulator.release(batch)
      batch.latches.forEach((latch) => latch.countDown())
    }
  }
}

const records = fc.array(
  fc.record({
    topic: fc.constant('t'),
    partition: fc.option(fc.nat(3), { nil: undefined }),
    key: fc.option(fc.string({ maxLength: 8 })),
    value: fc.string({ maxLength: 120 }),
  }),
  { maxLength: 80 },
)

const placeOf = ({ partition, key }: ProducerRecord): number | undefined =>
  partition ?? (key === null || key === undefined ? undefined : partitionOfKey(key, 4))

describe('RecordAccumulator', () => {
  it('should lose nothing, keep order by partition, and keep batches within their size', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 100, max: 1_000 }), (appended, batchSize) => {
        const { accumulator } = accumulate({ batchSize })
        const tagged = appended.map((record, i) => ({ ...record, value: `${i}:${record.value}` }))
        tagged.forEach((record) => accumulator.append(record, 5))
        const all = accumulator.queues.flatMap(batchesOf)
        expect(all.flatMap(({ values }) => values).sort()).toEqual(tagged.map(({ value }) => value).sort())
        for (const partition of [0, 1, 2, 3]) {
          const indexes = valuesOf(accumulator, partition).map((value) => Number.parseInt(value, 10))
          expect(indexes).toEqual([...indexes].sort((a, b) => a - b))
          const meant = tagged.flatMap((record, i) => (placeOf(record) === partition ? [i] : []))
          expect(indexes.filter((i) => placeOf(tagged[i]!) !== undefined)).toEqual(meant)
        }
        for (const { bytes, values } of all) expect(values.length === 1 || bytes <= batchSize).toBe(true)
      }),
    )
  })

  it('should count memory back to zero when all is acknowledged', () => {
    fc.assert(
      fc.property(records, (appended) => {
        const { accumulator } = accumulate()
        appended.forEach((record) => accumulator.append(record, 5))
        acknowledgeAll(accumulator)
        expect(accumulator.bufferedBytes).toBe(0)
      }),
    )
  })

  it('should hold records of an unknown topic and deal them out in order', () => {
    fc.assert(
      fc.property(records, (appended) => {
        const known = accumulate()
        const late = accumulate({}, { count: undefined })
        for (const record of appended) {
          known.accumulator.append(record, 5)
          late.accumulator.append(record, 5)
        }
        expect(late.accumulator.queues).toEqual([])
        late.partitions.count = 4
        late.accumulator.dealOut()
        for (const partition of [0, 1, 2, 3]) {
          expect(valuesOf(late.accumulator, partition)).toEqual(valuesOf(known.accumulator, partition))
        }
        acknowledgeAll(late.accumulator)
        expect(late.accumulator.bufferedBytes).toBe(0)
      }),
    )
  })

  it('should say that there is no room once buffer.memory is used, and that there is again', () => {
    const { accumulator } = accumulate({ bufferMemory: 600 })
    for (let i = 0; i < 3; i++) accumulator.append({ topic: 't', partition: 0, value: 'x'.repeat(100) }, 5)
    expect(accumulator.hasRoom).toBe(true)
    accumulator.append({ topic: 't', partition: 0, value: 'x'.repeat(100) }, 5)
    expect(accumulator.hasRoom).toBe(false)
    acknowledgeAll(accumulator)
    expect(accumulator.hasRoom).toBe(true)
  })

  it('should refuse a record larger than a request, and take the next', () => {
    const { accumulator } = accumulate()
    expect(() => accumulator.append({ topic: 't', partition: 0, value: 'x'.repeat(10_000) }, 5)).toThrow(
      /10\d\d\d bytes, more than max\.request\.size \(10000\)/,
    )
    expect(accumulator.bufferedBytes).toBe(0)
    accumulator.append({ topic: 't', partition: 0, value: 'next' }, 5)
    expect(valuesOf(accumulator, 0)).toEqual(['next'])
  })

  it('should refuse a partition that cannot be', () => {
    const { accumulator } = accumulate()
    expect(() => accumulator.append({ topic: 't', partition: -1, value: '' }, 5)).toThrow(/-1 is no partition of t/)
  })

  it('should send whole batches without a key to one partition after the other', () => {
    const { accumulator } = accumulate()
    for (let i = 0; i < 12; i++) accumulator.append({ topic: 't', value: 'x'.repeat(30) }, 5)
    const sizes = accumulator.queues.map(({ partition, unacknowledged }) => [
      partition,
      unacknowledged.map((b) => b.count),
    ])
    expect(sizes).toEqual([
      [0, [3]],
      [1, [3]],
      [2, [3]],
      [3, [3]],
    ])
  })

  it('should send less to a partition where batches wait', () => {
    const { accumulator } = accumulate()
    for (let i = 0; i < 9; i++) accumulator.append({ topic: 't', partition: 1, value: 'x'.repeat(30) }, 5)
    for (let i = 0; i < 9; i++) accumulator.append({ topic: 't', value: 'x'.repeat(30) }, 5)
    expect(accumulator.queues.map(({ partition, unacknowledged }) => [partition, unacknowledged.length])).toEqual([
      [0, 1],
      [1, 3],
      [2, 1],
      [3, 1],
    ])
  })

  it('should send as much to each partition where partitioning is not to adapt, as drawn', () => {
    // The first is drawn before there is a batch.
    const drawn = [0.5, 0.3, 0.3, 0.9, 0.1]
    const { accumulator } = accumulate({ adaptivePartitioning: false }, { count: 4 }, () => drawn.shift()!)
    for (let i = 0; i < 12; i++) accumulator.append({ topic: 't', value: 'x'.repeat(30) }, 5)
    expect(accumulator.queues.map(({ partition, unacknowledged }) => [partition, unacknowledged.length])).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
      [3, 1],
    ])
  })

  it('should look at no key when keys are to be ignored, only at the partition of a record', () => {
    const { accumulator } = accumulate({ ignoreKeys: true })
    for (let i = 0; i < 6; i++) accumulator.append({ topic: 't', key: `key ${i}`, value: 'x'.repeat(20) }, 5)
    accumulator.append({ topic: 't', partition: 3, key: 'key', value: 'own' }, 5)
    expect(accumulator.queues.map(({ partition, unacknowledged: [batch] }) => [partition, batch?.count])).toEqual([
      [0, undefined],
      [1, 4],
      [2, 2],
      [3, 1],
    ])
  })

  it('should use the timestamp of the record, or else the time of append', () => {
    const { accumulator } = accumulate()
    accumulator.append({ topic: 't', partition: 0, value: 'a', timestamp: 17 }, 5)
    accumulator.append({ topic: 't', partition: 0, value: 'b' }, 99)
    const [batch] = accumulator.queues[0]!.unacknowledged
    expect(batch!.encode('none').readBigInt64BE(27)).toBe(17n)
    expect(batch!.encode('none').readBigInt64BE(35)).toBe(99n)
  })

  it('should open a latch when all that was there is acknowledged, and not wait for what comes later', () => {
    const { accumulator } = accumulate()
    accumulator.append({ topic: 't', partition: 0, value: 'before' }, 5)
    const opened: string[] = []
    const latch = new AckLatch(
      () => opened.push('open'),
      () => opened.push('given up'),
    )
    accumulator.close(latch)
    latch.arm()
    accumulator.append({ topic: 't', partition: 0, value: 'after' }, 5)
    const [queue] = accumulator.queues
    const batch = queue!.take(0)
    expect(batch.count).toBe(1)
    expect(opened).toEqual([])
    batch.latches.forEach((each) => each.countDown())
    expect(opened).toEqual(['open'])
  })

  it('should tell who waits, once, that everything was given up', () => {
    const { accumulator } = accumulate({}, { count: undefined })
    const opened: string[] = []
    const latch = new AckLatch(
      () => opened.push('open'),
      () => opened.push('given up'),
    )
    accumulator.append({ topic: 't', value: 'held' }, 5)
    accumulator.append({ topic: 'u', value: 'held' }, 5)
    accumulator.close(latch)
    latch.arm()
    accumulator.discard()
    expect(opened).toEqual(['given up'])
    expect(accumulator.bufferedBytes).toBe(0)
  })

  it('should split a batch into two that hold the same records and share its numbers', () => {
    const { accumulator } = accumulate({ batchSize: 10_000 })
    for (let i = 0; i < 5; i++) accumulator.append({ topic: 't', partition: 0, key: `k${i}`, value: `v${i}` }, i)
    const [queue] = accumulator.queues
    queue!.use({ producerId: 7n, epoch: 1, transactional: false })
    const batch = queue!.take(0)
    accumulator.split(queue!, batch)
    queue!.failed()
    expect(batchesOf(queue!).map(({ values, baseSequence }) => ({ values, baseSequence }))).toEqual([
      { values: ['v0', 'v1', 'v2'], baseSequence: 0 },
      { values: ['v3', 'v4'], baseSequence: 3 },
    ])
    acknowledgeAll(accumulator)
    expect(accumulator.bufferedBytes).toBe(0)
  })
})
