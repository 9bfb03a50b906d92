import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ClusterByPromises } from '../kafkajs/support/ClusterByPromises.js'
import { ByteReader } from '../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../lib/protocol/ByteWriter.js'
import { fetchApi } from '../../lib/protocol/requests/fetch.js'
import { findCoordinatorApi } from '../../lib/protocol/requests/findCoordinator.js'
import { metadataApi } from '../../lib/protocol/requests/metadata.js'
import { FakeBroker } from '../kafkajs/support/FakeBroker.js'
import { FakeCluster } from '../kafkajs/support/FakeCluster.js'
import { until } from '../kafkajs/support/until.js'

describe('Cluster, over sockets', () => {
  let cluster: FakeCluster
  let connections: ClusterByPromises

  beforeEach(async () => {
    cluster = await FakeCluster.start(2)
    cluster.lead('t', 0, 1)
  })

  afterEach(async () => {
    await connections.close()
    await cluster.stop()
  })

  const metadataRequests = (): number =>
    cluster.brokers.reduce((sum, broker) => sum + broker.requests(metadataApi.apiKey).length, 0)

  it('should open when any bootstrap server answers', async () => {
    const [, second] = cluster.config().bootstrapServers
    const dead = await FakeBroker.start()
    const { port } = dead
    await dead.stop()
    connections = await ClusterByPromises.open(
      cluster.config({ bootstrapServers: [{ host: '127.0.0.1', port }, ...(second === undefined ? [] : [second])] }),
    )

    expect([...connections.metadata.brokers.keys()]).toEqual([0, 1])
  })

  it('should open past servers that are dead, or accept and never answer', async () => {
    const [dead, mute] = [await FakeBroker.start(), await FakeBroker.start()]
    await dead.stop()
    mute.on(apiVersions, () => undefined)
    const bootstrapServers = [dead, mute, ...cluster.brokers].map(({ port }) => ({ host: '127.0.0.1', port }))
    connections = await ClusterByPromises.open(
      cluster.config({ bootstrapServers, connectionTimeoutMs: 100, requestTimeoutMs: 60_000 }),
    )

    expect([...connections.metadata.brokers.keys()]).toEqual([0, 1])
    await mute.stop()
  })

  it('should open at an IPv6 address', async () => {
    const sixth = await FakeCluster.start(1, '::1')
    const connected = await ClusterByPromises.open(sixth.config())

    expect([...connected.metadata.brokers.values()]).toMatchObject([{ host: '::1' }])
    await expect(connected.send(0, 'control', metadataApi, { topics: [] })).resolves.toBeDefined()
    await connected.close()
    await sixth.stop()
    connections = await ClusterByPromises.open(cluster.config())
  })

  it('should ask a broker that could not be reached a moment ago after all others', async () => {
    const patient = { reconnectBackoffMs: 60_000, reconnectBackoffMaxMs: 60_000 }
    connections = await ClusterByPromises.open(cluster.config(patient))
    await cluster.brokers[0]?.stop()
    await connections.refreshMetadata(['t'])

    await expect(connections.describeTopics(['t'])).resolves.toMatchObject({ topics: [{ topic: 't' }] })
  })

  it('should say that no bootstrap server can be reached', async () => {
    const dead = await FakeBroker.start()
    const { port } = dead
    await dead.stop()

    await expect(
      ClusterByPromises.open(cluster.config({ bootstrapServers: [{ host: '127.0.0.1', port }] })),
    ).rejects.toMatchObject({
      _tag: 'Connection',
      retriable: true,
      message: expect.stringContaining(
        `No broker can be reached. The last one tried: The connection to broker 127.0.0.1:${port}`,
      ),
    })
  })

  it('should know leaders once it has asked', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    expect(connections.leaderOf('t', 1)).toBeUndefined()

    await connections.refreshMetadata(['t'])

    expect(connections.leaderOf('t', 1)).toEqual({ nodeId: 1, leaderEpoch: 0 })
    expect(connections.partitionCount('t')).toBe(2)
  })

  it('should share one metadata request among many who ask', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    const before = metadataRequests()
    await Promise.all(Array.from({ length: 10 }, () => connections.refreshMetadata(['t'])))

    expect(metadataRequests() - before).toBe(1)
  })

  it('should not remember topics that were only described', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    const { topics } = await connections.describeTopics(null)

    expect(topics.map(({ topic }) => topic)).toEqual(['t'])
    expect(connections.partitionCount('t')).toBeUndefined()
  })

  it('should ask another broker when the one it is connected to is gone', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    await cluster.brokers[0]?.stop()
    await connections.refreshMetadata(['t'])

    expect(connections.partitionCount('t')).toBe(2)
  })

  it('should refuse a broker that is not in the cluster, as retriable', async () => {
    connections = await ClusterByPromises.open(cluster.config())

    await expect(connections.send(9, 'control', metadataApi, { topics: [] })).rejects.toMatchObject({
      _tag: 'Connection',
      retriable: true,
    })
  })

  it('should use a connection of its own for each purpose, so that a long poll holds up nobody', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    cluster.silent = true
    const poll = connections.send(0, 'fetch x', fetchApi, {
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1, isolationLevel: 'read_committed' as const },
      partitions: [{ topic: 't', partition: 0, currentLeaderEpoch: 0, fetchOffset: 0, partitionMaxBytes: 1 }],
    })
    const closed = expect(poll).rejects.toMatchObject({ _tag: 'Connection' })
    await until(() => cluster.fetches.length === 1)

    await expect(connections.send(0, 'control', metadataApi, { topics: [] })).resolves.toBeDefined()
    await expect(connections.send(0, 'produce', metadataApi, { topics: [] })).resolves.toBeDefined()

    connections.cluster.release('fetch x')
    await closed
  })

  it('should remember coordinators until told otherwise', async () => {
    const asked: string[] = []
    cluster.brokers.forEach((broker) =>
      broker.on(findCoordinatorApi.apiKey, ({ body }) => {
        const reader = new ByteReader(body, 'FindCoordinator request')
        asked.push(`${reader.readString()} ${reader.readInt8()}`)
        return coordinatorAnswer(0, 1)
      }),
    )
    connections = await ClusterByPromises.open(cluster.config())
    const find = () => connections.coordinator('group', 'g')

    await expect(Promise.all([find(), find()]).then(() => find())).resolves.toBe(1)
    const before = asked.length
    await find()
    expect(asked).toHaveLength(before)
    connections.forgetCoordinator('group', 'g')
    await find()
    await connections.coordinator('transaction', 'g')

    expect(asked.slice(before)).toEqual(['g 0', 'g 1'])
  })

  it('should remember no more than the last thousand coordinators', async () => {
    let asked = 0
    cluster.brokers.forEach((broker) =>
      broker.on(findCoordinatorApi.apiKey, () => {
        asked++
        return coordinatorAnswer(0, 1)
      }),
    )
    connections = await ClusterByPromises.open(cluster.config())
    const find = (n: number) => connections.coordinator('transaction', `x-${n}`)
    for (let n = 0; n <= 1_000; n++) await find(n)
    asked = 0

    await find(1_000)
    await find(1)
    expect(asked).toBe(0)
    await find(0)
    expect(asked).toBe(1)
  })

  it('should pass on why there is no coordinator', async () => {
    cluster.brokers.forEach((broker) => broker.on(findCoordinatorApi.apiKey, () => coordinatorAnswer(53, -1)))
    connections = await ClusterByPromises.open(cluster.config())

    await expect(connections.coordinator('transaction', 'x')).rejects.toMatchObject({
      _tag: 'Authorization',
      transactionalId: 'x',
    })
  })

  it('should end pauses and refuse requests once it is closed', async () => {
    connections = await ClusterByPromises.open(cluster.config())
    const pause = connections.pause(60_000)
    await connections.close()

    await expect(pause).resolves.toBeUndefined()
    await expect(connections.send(0, 'control', metadataApi, { topics: [] })).rejects.toMatchObject({
      _tag: 'Connection',
      retriable: false,
    })
    await expect(connections.refreshMetadata(['t'])).rejects.toMatchObject({ _tag: 'Connection', retriable: false })
  })
})

const apiVersions = 18

const coordinatorAnswer = (errorCode: number, nodeId: number): Buffer =>
  new ByteWriter()
    .writeInt32(0)
    .writeInt16(errorCode)
    .writeNullableString(null)
    .writeInt32(nodeId)
    .writeString('')
    .writeInt32(-1)
    .toBuffer()
