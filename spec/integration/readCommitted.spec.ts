import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom, timer } from 'rxjs'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { latestOffset } from '../../lib/client/OffsetSpec.js'
import type { Bytes } from '../../lib/client/ProducerRecord.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { randomBySeed } from '../chaos/randomBySeed.js'
import { eventually } from '../contract/ContractHarness.js'
import { type ReadOptions, readPartition } from '../contract/readPartition.js'
import { openClient } from '../support/openClient.js'
import { describeKafka } from '../support/realKafka.js'
import { HistoryWriters } from './HistoryWriters.js'
import { recordsWritten, type Step, transactionHistory } from './transactionHistory.js'

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 1)
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
const SEEDS = Array.from({ length: ROUNDS }, (_, round) => SEED + round)

const PARTITIONS = [0, 1, 2]
const STARTS = 6
const LARGE = 1_048_576

/** To kafkajs, four bytes of zero are an abort marker. */
const KEYS = [Buffer.alloc(4), '', ...Array.from({ length: 40 }, (_, i) => `key ${i}`)]

// Brokers refuse segments below 1 MiB, but roll them by time as often as one likes.
const rolled = { 'segment.ms': '50' }
// The last segment is never compacted: what the writers aborted in their last tenth of a second is still there.
const compacted = {
  'segment.ms': '100',
  'cleanup.policy': 'compact',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '100',
}

/** The last records of `write`: open, and behind it. */
const LEFT_OPEN = 2

const cleaner = { own: true, config: { 'log.cleaner.backoff.ms': '100' } }

const withoutOffsets = (records: readonly { readonly key: Bytes; readonly value: string | null }[]) =>
  records.map(({ key, value }) => ({ key: key?.toString() ?? null, value }))

describeKafka('read_committed, beside Kafka’s own consumer', cleaner, (kafka) => {
  let client: KafkaClient
  beforeAll(async () => {
    client = await openClient(kafka().bootstrapServers)
  }, 30_000)
  afterAll(() => firstValueFrom(client.close()))

  const ends = async (topic: string, isolationLevel: IsolationLevel): Promise<readonly number[]> => {
    const specs = PARTITIONS.map((partition) => [new TopicPartition(topic, partition), latestOffset] as const)
    const offsets = await firstValueFrom(client.admin.listOffsets(specs, isolationLevel))
    return PARTITIONS.map((partition) => offsets.get(`${topic}-${partition}`) ?? -1)
  }

  const read = async (topic: string, partition: number, options: ReadOptions) => {
    const { records } = await readPartition(client, new TopicPartition(topic, partition), options)
    return records.map(({ offset, key, value }) => ({ partition, offset, key, value }))
  }

  const readUncommitted = async (topic: string) => {
    const to = await ends(topic, 'read_uncommitted')
    return Promise.all(PARTITIONS.map((partition) => read(topic, partition, { to: to[partition] ?? 0 })))
  }

  /** Plays a history, and leaves a transaction open at the end of the last partition, with a plain record behind. */
  const write = async (topic: string, history: readonly Step[]): Promise<readonly Step[]> => {
    const writers = new HistoryWriters(client, topic)
    await writers.play(history)
    const endsOfBoth = () => Promise.all([ends(topic, 'read_committed'), ends(topic, 'read_uncommitted')])
    await eventually(endsOfBoth, ([stable, end]) => expect(stable).toEqual(end))

    const last = (key: string, partition: number) => ({ partition, key, value: 'last' })
    const end: readonly Step[] = [
      { _tag: 'write', writer: 'plain', records: PARTITIONS.map((partition) => last('end', partition)) },
      { _tag: 'write', writer: 'a', records: PARTITIONS.slice(-1).map((partition) => last('open', partition)) },
      { _tag: 'write', writer: 'plain', records: PARTITIONS.slice(-1).map((partition) => last('behind', partition)) },
    ]
    await writers.play(end)
    return [...history, ...end]
  }

  /** Until the cleaner has dropped records and found nothing more to drop for a second. */
  const untilCompacted = async (topic: string, written: number): Promise<void> => {
    const twice = async () => {
      const before = await readUncommitted(topic)
      await lastValueFrom(timer(1000))
      return [before, await readUncommitted(topic)] as const
    }
    await eventually(
      twice,
      ([before, after]) => {
        expect(before).toEqual(after)
        expect(after.flat().length).toBeLessThan(written)
      },
      30_000,
    )
  }

  it.each(
    SEEDS.flatMap((seed) => [
      { kind: 'one segment', config: {}, keys: [null, ...KEYS], seed },
      { kind: 'many segments', config: rolled, keys: [null, ...KEYS], seed },
      { kind: 'compacted segments', config: compacted, keys: KEYS, seed },
    ]),
  )(
    'should deliver the same records of $kind, wherever it begins and however little it fetches (CHAOS_SEED=$seed)',
    async ({ kind, config, keys, seed }) => {
      const random = randomBySeed(seed)
      const topic = `committed-${kind.replace(' ', '-')}-${seed}`
      const topics = [{ topic, partitions: PARTITIONS.length, replicationFactor: 1, config }]
      await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
      const history = transactionHistory(random, { partitions: PARTITIONS.length, steps: 150, keys })
      const steps = await write(topic, history)
      const written = PARTITIONS.map((partition) => recordsWritten(steps, partition))
      if (config === compacted) await untilCompacted(topic, written.flat().length)

      const uncommitted = await readUncommitted(topic)
      const java = await kafka().readCommitted(topic)
      const to = await ends(topic, 'read_committed')

      for (const partition of PARTITIONS) {
        const end = to[partition] ?? 0
        const committed = java
          .filter((record) => record.partition === partition)
          .map(({ offset, key, value }) => ({ partition, offset, key, value }))
        expect(committed.length).toBeGreaterThan(0)
        const starts = Array.from({ length: STARTS }, () => random(end))
        for (const from of [0, ...starts]) {
          for (const maxPartitionBytes of [1, 100 + random(2000), LARGE]) {
            const options = { from, to: end, maxPartitionBytes, isolationLevel: 'read_committed' } as const
            const records = await read(topic, partition, options)
            expect({ options, records }).toEqual({ options, records: committed.filter(({ offset }) => offset >= from) })
          }
        }
        expect(uncommitted[partition]).toEqual(expect.arrayContaining(committed))
      }

      if (config !== compacted) {
        expect(uncommitted.map(withoutOffsets)).toEqual(written.map(withoutOffsets))
        expect(uncommitted.flat().length).toBeGreaterThan(java.length + LEFT_OPEN)
      }
      expect(await readUncommitted(topic)).toEqual(uncommitted)
    },
    180_000,
  )
})
