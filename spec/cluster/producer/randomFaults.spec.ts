import { afterEach, describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { firstValueFrom } from 'rxjs'
import type { KafkaError } from '../../../lib/client/KafkaError.js'
import { ClusterProducer } from '../../../lib/cluster/producer/ClusterProducer.js'
import { ClusterTransactionalProducer } from '../../../lib/cluster/producer/ClusterTransactionalProducer.js'
import { FakeCluster } from './support/FakeCluster.js'
import { producerConfig } from './support/producerConfig.js'
import { seededRandom } from './support/seededRandom.js'
import { StepScheduler } from './support/StepScheduler.js'

const partitions = 4
const faults = {
  lostRequest: 0.05,
  lostAnswer: 0.05,
  notLeader: 0.04,
  notEnoughReplicas: 0.06,
  notEnoughReplicasAfterAppend: 0.06,
  transactional: 0.2,
}

/** Appends numbered records for random partitions, with random pauses. Returns what each partition should hold. */
const appendAtRandom = async (
  producer: ClusterProducer,
  scheduler: StepScheduler,
  random: () => number,
  records: number,
  label = '',
): Promise<string[][]> => {
  const expected: string[][] = Array.from({ length: partitions }, () => [])
  for (let i = 0; i < records; i++) {
    const partition = Math.floor(random() * partitions)
    const value = `${label}${i}`.padEnd(Math.floor(random() * 200), '.')
    producer.append({ topic: 't', partition, value })
    expected[partition]!.push(value)
    if (random() < 0.05) await scheduler.advance(random() * 30)
  }
  return expected
}

/** All that is random comes from the seed, the jitter of back-offs too. */
const seeded = (seed: number): (() => number) => {
  const random = seededRandom(seed)
  jest.spyOn(Math, 'random').mockImplementation(random)
  return random
}

const fallible = fc.record({
  seed: fc.integer(),
  batchSize: fc.constantFrom(300, 1_000, 16_384),
  lingerMs: fc.constantFrom(0, 5),
})

const faultyCluster = (seed: number) => {
  const random = seeded(seed)
  const scheduler = new StepScheduler()
  const cluster = new FakeCluster(scheduler, random)
  cluster.addTopic('t', partitions)
  cluster.faults = faults
  return { random, scheduler, cluster }
}

describe('a producer under random faults', () => {
  afterEach(() => void jest.restoreAllMocks())

  it('should write each record exactly once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fallible, async ({ seed, batchSize, lingerMs }) => {
        const { random, scheduler, cluster } = faultyCluster(seed)
        const producer = new ClusterProducer(cluster, producerConfig({ batchSize, lingerMs, maxRequestSize: 20_000 }))
        const expected = await appendAtRandom(producer, scheduler, random, 400)
        await scheduler.until(firstValueFrom(producer.flush()))
        expected.forEach((values, partition) => expect(cluster.valuesOf('t', partition)).toEqual(values))
        expect(producer.stats.recordsAcked).toBe(400)
        expect(Math.max(...cluster.pipelines)).toBeLessThanOrEqual(5)
        cluster.requests.forEach(({ batches }) => {
          expect(new Set(batches.map(({ partition }) => partition)).size).toBe(batches.length)
          expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(20_000)
        })
        // What the fake brokers still had to do is done by then; a timer of the producer would wait longer.
        await scheduler.advance(50)
        expect(scheduler.pending).toBe(0)
      }),
      { numRuns: Number(process.env['RUNS'] ?? 25) },
    )
  }, 60_000)

  it('should show a read_committed reader the committed transactions, whole and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fallible, async ({ seed, batchSize, lingerMs }) => {
        const { random, scheduler, cluster } = faultyCluster(seed)
        const producers = ['tx-a', 'tx-b'].map(
          (id) => new ClusterTransactionalProducer(cluster, id, producerConfig({ batchSize, lingerMs })),
        )
        const failures: KafkaError[] = []
        for (const producer of producers) {
          producer.failed$.subscribe((error) => failures.push(error))
          await scheduler.until(firstValueFrom(producer.init()))
        }
        const expected: string[][] = Array.from({ length: partitions }, () => [])
        let before: ClusterTransactionalProducer | undefined
        for (let n = 0; n < 8; n++) {
          const producer = producers[n % 2]!
          producer.begin(before === undefined ? {} : { after: before })
          const appended = await appendAtRandom(
            producer as never,
            scheduler,
            random,
            Math.floor(random() * 80),
            `${n}:`,
          )
          if (before !== undefined) {
            await scheduler.until(firstValueFrom(before.flush()))
            await scheduler.until(firstValueFrom(before.commit()))
          }
          if (random() < 0.3) {
            await scheduler.until(firstValueFrom(producer.abort()))
            before = undefined
          } else {
            appended.forEach((values, partition) => expected[partition]!.push(...values))
            before = producer
          }
        }
        if (before !== undefined) await scheduler.until(firstValueFrom(before.commit()))
        expect(failures).toEqual([])
        expected.forEach((values, partition) => {
          const committed = cluster
            .log('t', partition)
            .batches.filter((batch) => cluster.transactions.isCommitted(batch))
          expect(committed.flatMap((batch) => batch.values)).toEqual(values)
        })
      }),
      { numRuns: Number(process.env['RUNS'] ?? 25) },
    )
  }, 60_000)
})
