import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom, timer } from 'rxjs'
import type { IsolationLevel } from '../../lib/client/IsolationLevel.js'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import { earliestOffset, latestOffset, type OffsetSpec } from '../../lib/client/OffsetSpec.js'
import type { Bytes } from '../../lib/client/ProducerRecord.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { randomBySeed } from '../chaos/randomBySeed.js'
import { eventually } from '../../lib/conformance/client/ContractScene.js'
import { openClient } from '../support/openClient.js'
import { kafkaVersion, kafkaVersions } from '../support/kafka/startKafka.js'
import { describeKafka } from '../support/realKafka.js'
import { deleteRecords } from './deleteRecords.js'
import { HistoryWriters } from './HistoryWriters.js'
import { type Range, readTopic } from './readTopic.js'
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

interface Kind {
  readonly kind: string
  readonly config: Readonly<Record<string, string>>
  readonly keys: readonly Bytes[]
  /** the beginning moves forward twice: in the middle of the history, inside open transactions, and behind its end */
  readonly deleted?: boolean
}

const onNewest: readonly Kind[] = [
  { kind: 'one segment', config: {}, keys: [null, ...KEYS] },
  { kind: 'many segments', config: rolled, keys: [null, ...KEYS] },
  { kind: 'compacted segments', config: compacted, keys: KEYS },
  { kind: 'deleted segments', config: rolled, keys: [null, ...KEYS], deleted: true },
]
const onOldest: readonly Kind[] = [
  {
    kind: 'compacted and deleted segments',
    config: { ...compacted, 'cleanup.policy': 'compact,delete' },
    keys: KEYS,
    deleted: true,
  },
]

const isCompacted = ({ config }: Kind): boolean => config['cleanup.policy']?.includes('compact') === true

const clusters = [
  { version: kafkaVersion({}), kinds: onNewest },
  { version: kafkaVersions.oldest, kinds: onOldest },
]

/** Cleaners that hardly wait. */
const config = {
  'log.cleaner.backoff.ms': '100',
  'log.retention.check.interval.ms': '100',
  'log.initial.task.delay.ms': '500',
  'file.delete.delay.ms': '0',
}

const withoutOffsets = (records: readonly { readonly key: Bytes; readonly value: string | null }[]) =>
  records.map(({ key, value }) => ({ key: key?.toString() ?? null, value }))

describe.each(clusters)('read_committed, beside the consumer of Kafka $version', ({ version, kinds }) => {
  describeKafka('in random histories', { version, own: true, config }, (kafka) => {
    let client: KafkaClient
    beforeAll(async () => {
      client = await openClient(kafka().bootstrapServers)
    }, 30_000)
    afterAll(() => firstValueFrom(client.close()))

    const offsets = async (topic: string, spec: OffsetSpec, isolationLevel: IsolationLevel) => {
      const specs = PARTITIONS.map((partition) => [new TopicPartition(topic, partition), spec] as const)
      const found = await firstValueFrom(client.admin.listOffsets(specs, isolationLevel))
      return PARTITIONS.map((partition) => found.get(`${topic}-${partition}`) ?? -1)
    }
    const starts = (topic: string) => offsets(topic, earliestOffset, 'read_uncommitted')
    const ends = (topic: string, isolationLevel: IsolationLevel) => offsets(topic, latestOffset, isolationLevel)

    const readUncommitted = async (topic: string) => {
      const [from, to] = [await starts(topic), await ends(topic, 'read_uncommitted')]
      const ranges = PARTITIONS.map((partition) => ({ from: from[partition]!, to: to[partition]! }))
      return readTopic(client, topic, ranges, {})
    }

    /** Plays a history, and leaves a transaction open at the end of the last partition, with a plain record behind. */
    const write = async (
      topic: string,
      history: readonly Step[],
      { deleted = false }: Kind,
      random: (n: number) => number,
    ): Promise<readonly Step[]> => {
      const writers = new HistoryWriters(client, topic)
      const deleteSome = async (): Promise<void> => {
        if (!deleted) return
        const stable = await ends(topic, 'read_committed')
        const before = await starts(topic)
        await deleteRecords(
          kafka(),
          topic,
          before.map((start, partition) => start + random(Math.max(1, stable[partition]! - start))),
        )
      }
      await writers.play(history.slice(0, history.length / 2))
      await deleteSome()
      await writers.play(history.slice(history.length / 2))
      const endsOfBoth = () => Promise.all([ends(topic, 'read_committed'), ends(topic, 'read_uncommitted')])
      await eventually(endsOfBoth, ([stable, end]) => expect(stable).toEqual(end))

      const last = (key: string, partition: number) => ({ partition, key, value: 'last' })
      const end: readonly Step[] = [
        { _tag: 'write', writer: 'plain', records: PARTITIONS.map((partition) => last('end', partition)) },
        { _tag: 'write', writer: 'a', records: PARTITIONS.slice(-1).map((partition) => last('open', partition)) },
        { _tag: 'write', writer: 'plain', records: PARTITIONS.slice(-1).map((partition) => last('behind', partition)) },
      ]
      await writers.play(end)
      await deleteSome()
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

    it.each(SEEDS.flatMap((seed) => kinds.map((kind) => ({ ...kind, seed }))))(
      'should deliver the same records of $kind, wherever it begins and however little it fetches (CHAOS_SEED=$seed)',
      async ({ seed, ...kind }) => {
        const random = randomBySeed(seed)
        const topic = `committed-${kind.kind.replaceAll(' ', '-')}-${seed}`
        const topics = [{ topic, partitions: PARTITIONS.length, replicationFactor: 1, config: kind.config }]
        await firstValueFrom(client.admin.createTopics(topics), { defaultValue: undefined })
        const history = transactionHistory(random, { partitions: PARTITIONS.length, steps: 150, keys: kind.keys })
        const steps = await write(topic, history, kind, random)
        const written = PARTITIONS.map((partition) => recordsWritten(steps, partition))
        if (isCompacted(kind)) await untilCompacted(topic, written.flat().length)

        const uncommitted = await readUncommitted(topic)
        const java = await kafka().readCommitted(topic)
        const [first, to] = [await starts(topic), await ends(topic, 'read_committed')]
        const committed = PARTITIONS.map((partition) =>
          java
            .filter((record) => record.partition === partition)
            .map(({ offset, key, value }) => ({ partition, offset, key, value })),
        )
        committed.forEach((records, partition) => {
          expect(records.length).toBeGreaterThan(0)
          expect(uncommitted[partition]).toEqual(expect.arrayContaining(records))
        })

        const anywhere = (): readonly Range[] =>
          first.map((start, partition) => ({ from: start + random(to[partition]! - start), to: to[partition]! }))
        const beginnings = [
          first.map((from, partition) => ({ from, to: to[partition]! })),
          ...Array.from({ length: STARTS }, anywhere),
        ]
        for (const ranges of beginnings) {
          for (const maxPartitionBytes of [1, 100 + random(2000), LARGE]) {
            for (const maxBytes of [1 + random(3000), 50 * LARGE]) {
              const options = { maxPartitionBytes, maxBytes, isolationLevel: 'read_committed' } as const
              const records = await readTopic(client, topic, ranges, options)
              const expected = committed.map((all, partition) =>
                all.filter(({ offset }) => offset >= ranges[partition]!.from),
              )
              expect({ ranges, options, records }).toEqual({ ranges, options, records: expected })
            }
          }
        }

        if (!isCompacted(kind)) {
          const kept = written.map((records, partition) => records.slice(-uncommitted[partition]!.length))
          expect(uncommitted.map(withoutOffsets)).toEqual(kept.map(withoutOffsets))
          expect(uncommitted.flat().length).toBeGreaterThan(java.length + LEFT_OPEN)
        }
        if (kind.deleted === true) expect(Math.min(...first)).toBeGreaterThan(0)
        else expect(first).toEqual(PARTITIONS.map(() => 0))
        expect(await readUncommitted(topic)).toEqual(uncommitted)
      },
      180_000,
    )
  })
})
