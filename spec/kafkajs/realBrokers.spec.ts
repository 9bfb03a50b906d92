import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { firstValueFrom, type Subscription } from 'rxjs'
import { earliestOffset, latestOffset, offsetForTimestamp } from '../../lib/client/OffsetSpec.js'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { ClusterAdmin } from '../../lib/cluster/admin/ClusterAdmin.js'
import { ClusterByPromises } from './support/ClusterByPromises.js'
import { ClusterFetcher } from '../../lib/cluster/fetcher/ClusterFetcher.js'
import { addressesOf } from '../support/kafka/addressesOf.js'
import type { KafkaCluster } from '../support/kafka/startKafka.js'
import { advanceSequence } from '../../lib/cluster/producer/sequence.js'
import { encodeRecordBatch } from '../../lib/protocol/encodeRecordBatch.js'
import { produceApi, type ProduceRequest } from '../../lib/protocol/requests/produce.js'
import { describeKafka } from '../support/realKafka.js'
import { until } from './support/until.js'
import { writeRecords } from './support/writeRecords.js'

const connect = (kafka: KafkaCluster): Promise<ClusterByPromises> =>
  ClusterByPromises.open({
    bootstrapServers: addressesOf(kafka),
    clientId: 'spec',
    connectionTimeoutMs: 2000,
    requestTimeoutMs: 30_000,
    retryBackoffMs: 50,
    retryBackoffMaxMs: 500,
    metadataMaxAgeMs: 300_000,
  })

const fetcherOf = (connections: ClusterByPromises): ClusterFetcher =>
  new ClusterFetcher(
    connections.cluster,
    {
      isolationLevel: 'read_committed',
      minBytes: 1,
      maxBytes: 50_000_000,
      maxPartitionBytes: 1_000_000,
      maxWaitMs: 500,
      checkCrcs: true,
    },
    '0',
  )

/** Reads all of it as it comes; what is read stands in the answer, failures too. */
const readAll = (fetcher: ClusterFetcher, partitions: readonly TopicPartition[]): { read: string[] } & Subscription => {
  const read: string[] = []
  const subscription = fetcher.fetched$.subscribe((outcome) => {
    if (outcome._tag === 'FetchFailed') return void read.push(outcome.error.message)
    fetcher.request(outcome.topicPartition)
    const { partition } = outcome.topicPartition
    read.push(...outcome.take(Infinity).map(({ value }) => `${partition}: ${String(value)}`))
  })
  partitions.forEach((topicPartition) => {
    fetcher.assign(topicPartition, 0)
    fetcher.request(topicPartition)
  })
  return Object.assign(subscription, { read })
}

const resources = (): string =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Timeout/.test(name))
    .sort()
    .join()

let topics = 0
const newTopic = (): string => `spec-${Date.now()}-${topics++}`

describeKafka('kafkajs adapter on one broker', (kafka) => {
  let connections: ClusterByPromises
  let admin: ClusterAdmin
  let topic: string
  let partitions: readonly TopicPartition[]

  beforeEach(async () => {
    connections = await connect(kafka())
    admin = new ClusterAdmin(connections.cluster)
    topic = newTopic()
    partitions = [0, 1, 2].map((partition) => new TopicPartition(topic, partition))
    await firstValueFrom(admin.createTopics([{ topic, partitions: 3, replicationFactor: 1 }]))
  })

  afterEach(() => connections.close())

  it('should list offsets at the ends and by time', async () => {
    const [first, second, third] = partitions as [TopicPartition, TopicPartition, TopicPartition]
    await writeRecords(connections, first, ['a', 'b'])
    const offsets = admin.listOffsets(
      [
        [first, latestOffset],
        [second, earliestOffset],
        [third, offsetForTimestamp(0)],
      ],
      'read_committed',
    )

    await expect(firstValueFrom(offsets)).resolves.toEqual(
      new Map([
        [`${topic}-0`, 2],
        [`${topic}-1`, 0],
      ]),
    )
  })

  it('should count sequence numbers past 2^31 as the broker does', async () => {
    // Tried until the leader of a topic that is just created leads.
    await writeRecords(connections, partitions[0]!, ['before'])
    const nodeId = connections.leaderOf(topic, 0)?.nodeId ?? -1
    const write = async (baseSequence: number, values: readonly string[]): Promise<number | undefined> => {
      const producer = { producerId: 1_000_000n, producerEpoch: 0, baseSequence, transactional: false }
      const records = encodeRecordBatch({ records: values.map((value) => ({ value })), producer })
      const request = {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5000,
        partitions: [{ topic, partition: 0, records }],
      }
      const { partitions: answers } = await connections.send(nodeId, 'produce', produceApi, request as ProduceRequest)
      return answers[0]?.errorCode
    }
    const across = 2 ** 31 - 2
    await expect(write(across, ['a', 'b', 'c', 'd', 'e'])).resolves.toBe(0)
    await expect(write(advanceSequence(across, 5) + 1, ['a gap'])).resolves.toBe(45)
    await expect(write(advanceSequence(across, 5), ['f'])).resolves.toBe(0)
  })

  it('should commit offsets for a group without members, and read them back', async () => {
    const [first, second] = partitions as [TopicPartition, TopicPartition]
    await firstValueFrom(admin.commitOffsets(`group-${topic}`, [[first, 7]]))

    await expect(firstValueFrom(admin.committedOffsets(`group-${topic}`, [first, second]))).resolves.toEqual(
      new Map([[`${topic}-0`, 7]]),
    )
  })

  it('should show a topic as soon as it is created, grown and deleted', async () => {
    await firstValueFrom(admin.createPartitions(topic, 5))
    await expect(firstValueFrom(admin.describeTopics([topic, `no-${topic}`]))).resolves.toMatchObject([
      { name: topic, internal: false, partitions: [0, 1, 2, 3, 4].map((partition) => ({ partition })) },
    ])
    await expect(firstValueFrom(admin.listTopics())).resolves.toContainEqual(expect.objectContaining({ name: topic }))

    await firstValueFrom(admin.deleteTopics([topic]))
    await expect(firstValueFrom(admin.describeTopics([topic]))).resolves.toEqual([])
  })

  it('should say why a topic cannot be created or deleted, without waiting', async () => {
    await expect(firstValueFrom(admin.createTopics([{ topic, partitions: 1 }]))).rejects.toMatchObject({
      codeName: 'TOPIC_ALREADY_EXISTS',
      retriable: false,
    })
    await expect(firstValueFrom(admin.deleteTopics([`no-${topic}`]))).rejects.toMatchObject({
      codeName: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
  })

  it('should read a setting of the brokers, and list transactions', async () => {
    await expect(firstValueFrom(admin.brokerConfig('transaction.max.timeout.ms'))).resolves.toBe('900000')
    await expect(firstValueFrom(admin.brokerConfig('no.such.setting'))).resolves.toBeUndefined()
    await expect(firstValueFrom(admin.listTransactions(['Ongoing']))).resolves.toEqual([])
  })

  it('should read what was written before and while it reads', async () => {
    const [first, second] = partitions as [TopicPartition, TopicPartition]
    await writeRecords(connections, first, ['a', 'b'])
    const { read } = readAll(fetcherOf(connections), partitions)
    await until(() => read.length === 2)
    await writeRecords(connections, second, ['c'])
    await until(() => read.length === 3)

    expect(read).toEqual(['0: a', '0: b', '1: c'])
  })

  it('should answer other requests while a fetch waits for data', async () => {
    readAll(fetcherOf(connections), partitions)
    const startedAt = performance.now()
    for (let round = 0; round < 10; round++) await firstValueFrom(admin.describeTopics([topic]))

    expect(performance.now() - startedAt).toBeLessThan(500)
  })

  it('should report a position outside of the log', async () => {
    const fetcher = fetcherOf(connections)
    const failed = firstValueFrom(fetcher.fetched$)
    fetcher.assign(partitions[0] as TopicPartition, 99)
    fetcher.request(partitions[0] as TopicPartition)

    await expect(failed).resolves.toMatchObject({
      _tag: 'FetchFailed',
      error: { _tag: 'OffsetOutOfRange', offset: 99 },
    })
  })

  it('should leave no socket and no timer when it is closed in the midst of it', async () => {
    await connections.close()
    const before = resources()
    connections = await connect(kafka())
    await writeRecords(connections, partitions[0] as TopicPartition, ['a'])
    const fetcher = fetcherOf(connections)
    const { read } = readAll(fetcher, partitions)
    await until(() => read.length === 1)
    expect(resources()).toContain('TCP')

    fetcher.close()
    await connections.close()

    // jest and the cluster have timers of their own that come and go.
    await until(() => resources() === before)
  })
})

describeKafka('kafkajs adapter while brokers come and go', { brokers: 3, own: true }, (kafka) => {
  it('should read everything once, in order, and tell nobody', async () => {
    const connections = await connect(kafka())
    const topic = newTopic()
    const partitions = [0, 1, 2].map((partition) => new TopicPartition(topic, partition))
    await firstValueFrom(
      new ClusterAdmin(connections.cluster).createTopics([
        { topic, partitions: 3, replicationFactor: 3, config: { 'min.insync.replicas': '1' } },
      ]),
    )
    const fetcher = fetcherOf(connections)
    const { read } = readAll(fetcher, partitions)
    const written: string[] = []
    const write = async (): Promise<void> => {
      const round = String(written.length)
      for (const topicPartition of partitions) {
        await writeRecords(connections, topicPartition, [round])
        written.push(`${topicPartition.partition}: ${round}`)
      }
      await until(() => read.length === written.length, 60_000)
    }

    await write()
    for (const [broker, crash] of [
      [kafka().brokers[0], true],
      [kafka().brokers[1], false],
    ] as const) {
      await (crash ? broker?.kill() : broker?.stop())
      await write()
      await broker?.start()
      await write()
    }

    const ofPartition = (lines: readonly string[], partition: number) =>
      lines.filter((line) => line.startsWith(`${partition}:`))
    for (const partition of [0, 1, 2]) expect(ofPartition(read, partition)).toEqual(ofPartition(written, partition))
    fetcher.close()
    await connections.close()
  }, 120_000)
})
