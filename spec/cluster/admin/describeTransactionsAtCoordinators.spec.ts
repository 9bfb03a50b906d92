import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom } from 'rxjs'
import { describeTransactionsAtCoordinators } from '../../../lib/cluster/admin/describeTransactionsAtCoordinators.js'
import { ClusterByPromises } from '../../kafkajs/support/ClusterByPromises.js'
import { ByteReader } from '../../../lib/protocol/ByteReader.js'
import { ByteWriter } from '../../../lib/protocol/ByteWriter.js'
import { describeTransactionsApi } from '../../../lib/protocol/requests/describeTransactions.js'
import { findCoordinatorApi } from '../../../lib/protocol/requests/findCoordinator.js'
import type { FakeBroker } from '../../kafkajs/support/FakeBroker.js'
import { FakeCluster } from '../../kafkajs/support/FakeCluster.js'

const [notCoordinator, loading, notFound, refused] = [16, 14, 105, 53]

describe('describeTransactionsAtCoordinators', () => {
  let cluster: FakeCluster
  let connections: ClusterByPromises
  /** node id by transactional id; node 0 for the others */
  const coordinators = new Map<string, number>()
  /** how many answers leave out the last id of several: about transactions, and about their coordinators */
  let leftOut = { describe: 0, find: 0 }
  /** an id that answers about transactions speak of besides */
  let unasked: string | undefined
  /** error codes of those who ask where an id is coordinated */
  const coordinatorCodes = new Map<string, number>()
  /** error codes of the next answers about an id */
  const codes = new Map<string, number[]>()
  const asked: { readonly nodeId: number; readonly ids: readonly string[] }[] = []

  beforeEach(async () => {
    for (const memory of [coordinators, coordinatorCodes, codes]) memory.clear()
    asked.length = 0
    leftOut = { describe: 0, find: 0 }
    unasked = undefined
    cluster = await FakeCluster.start(2)
    cluster.brokers.forEach((broker, nodeId) => serve(broker, nodeId))
    connections = await ClusterByPromises.open(cluster.config())
  })

  afterEach(async () => {
    await connections.close()
    await cluster.stop()
  })

  const serve = (broker: FakeBroker, nodeId: number, of = cluster): void => {
    broker.on(findCoordinatorApi.apiKey, ({ apiVersion, body }) => {
      const reader = new ByteReader(body, 'FindCoordinator request')
      if (apiVersion === findCoordinatorApi.apiVersion) {
        const id = reader.readString()
        return coordinatorAnswer(of, coordinators.get(id) ?? 0)
      }
      reader.skipTaggedFields()
      reader.readInt8()
      const ids = reader.readCompactArray(() => reader.readCompactString())
      const spoken = ids.length > 1 && leftOut.find-- > 0 ? ids.slice(0, -1) : ids
      return coordinatorsAnswer(spoken.map((id) => [id, coordinators.get(id) ?? 0, coordinatorCodes.get(id) ?? 0]))
    })
    broker.on(describeTransactionsApi.apiKey, ({ body }) => {
      const ids = readIds(body)
      asked.push({ nodeId, ids })
      const spoken = leftOut.describe-- > 0 ? ids.filter((id) => id !== 'b') : ids
      const all = unasked === undefined ? spoken : [...spoken, unasked]
      const answers = all.map((id) => [id, codes.get(id)?.shift() ?? 0] as const)
      for (const [id, code] of answers) if (code === notCoordinator) coordinators.set(id, 1 - nodeId)
      return descriptions(answers)
    })
  }
  const describedIds = async (...ids: readonly string[]) => [
    ...(await firstValueFrom(describeTransactionsAtCoordinators(connections.cluster, ids))).keys(),
  ]

  it('should ask each coordinator once, about all its ids', async () => {
    coordinators.set('b', 1)
    codes.set('c', [notFound])

    const described = await firstValueFrom(
      describeTransactionsAtCoordinators(connections.cluster, ['a', 'b', 'c', 'a']),
    )

    expect([...described.values()]).toEqual(
      ['a', 'b'].map((transactionalId) => ({
        ...{ transactionalId, state: 'Ongoing', producerId: 7n, epoch: 3 },
        ...{ timeoutMs: 60_000, startTime: 1_700_000_000_000, partitions: [] },
      })),
    )
    expect([...asked].sort((a, b) => a.nodeId - b.nodeId)).toEqual([
      { nodeId: 0, ids: ['a', 'c'] },
      { nodeId: 1, ids: ['b'] },
    ])
  })

  it('should find all coordinators by one question, and remember them', async () => {
    const questions = () => cluster.brokers.flatMap((broker) => broker.requests(findCoordinatorApi.apiKey)).length
    await describedIds('a', 'b', 'c')
    expect(questions()).toBe(1)
    await describedIds('a', 'b', 'c')
    expect(questions()).toBe(1)
    await describedIds('a', 'd')
    expect(questions()).toBe(2)
  })

  it('should remember those that are found beside one that is refused', async () => {
    coordinatorCodes.set('b', refused)
    await expect(describedIds('a', 'b', 'c')).rejects.toMatchObject({ _tag: 'Authorization', transactionalId: 'b' })
    const before = cluster.brokers.flatMap((broker) => broker.requests(findCoordinatorApi.apiKey)).length
    await describedIds('a', 'c')
    expect(cluster.brokers.flatMap((broker) => broker.requests(findCoordinatorApi.apiKey))).toHaveLength(before)
  })

  it('should find them one by one where brokers are older than Kafka 3.0', async () => {
    const older = await FakeCluster.start(1, undefined, (apiKey) =>
      apiKey === findCoordinatorApi.apiKey ? [0, 3] : [0, 20],
    )
    serve(older.brokers[0]!, 0, older)
    const connected = await ClusterByPromises.open(older.config())
    const described = await firstValueFrom(describeTransactionsAtCoordinators(connected.cluster, ['a', 'b']))
    expect([...described.keys()]).toEqual(['a', 'b'])
    expect(older.brokers[0]!.requests(findCoordinatorApi.apiKey).map(({ apiVersion }) => apiVersion)).toEqual([2, 2])
    await connected.close()
    await older.stop()
  })

  it('should ask again about an id that an answer says nothing of, rather than take it for unknown', async () => {
    leftOut = { describe: 1, find: 0 }
    expect((await describedIds('a', 'b')).sort()).toEqual(['a', 'b'])
    expect(asked.map(({ ids }) => ids)).toEqual([['a', 'b'], ['b']])

    leftOut = { describe: 0, find: 1 }
    expect((await describedIds('c', 'd')).sort()).toEqual(['c', 'd'])
  })

  it('should name an id that no answer speaks of', async () => {
    await connections.close()
    connections = await ClusterByPromises.open(cluster.config({ requestTimeoutMs: 100 }))
    leftOut = { describe: Infinity, find: 0 }
    await expect(describedIds('a', 'b')).rejects.toMatchObject({
      ...{ _tag: 'Broker', retriable: true, transactionalId: 'b' },
      message: expect.stringContaining('without an answer for transactional.id "b"'),
    })
    leftOut = { describe: 0, find: Infinity }
    await expect(describedIds('c', 'd')).rejects.toMatchObject({
      ...{ _tag: 'Broker', retriable: true, transactionalId: 'd' },
      message: expect.stringContaining('FindCoordinator without an answer for transactional.id "d"'),
    })
  })

  it('should take no answer about what it has not asked for', async () => {
    unasked = 'stranger'
    expect((await describedIds('a', 'b')).sort()).toEqual(['a', 'b'])
  })

  it('should ask nobody about nothing', async () => {
    expect(await describedIds()).toEqual([])
    expect(asked).toEqual([])
  })

  it('should ask again about what has moved, at its new coordinator, and keep the other answers', async () => {
    codes.set('b', [notCoordinator])

    expect((await describedIds('a', 'b')).sort()).toEqual(['a', 'b'])
    expect(asked).toEqual([
      { nodeId: 0, ids: ['a', 'b'] },
      { nodeId: 1, ids: ['b'] },
    ])
  })

  it('should wait for a coordinator that loads, or that was lost', async () => {
    codes.set('a', [loading, loading])
    expect(await describedIds('a')).toEqual(['a'])
    cluster.brokers.forEach((broker) => broker.cut())
    expect(await describedIds('a')).toEqual(['a'])
  })

  it('should say which id it has no permission for, and not ask again', async () => {
    codes.set('b', [refused])

    await expect(describedIds('a', 'b')).rejects.toMatchObject({
      ...{ _tag: 'Authorization', retriable: false, transactionalId: 'b' },
      message: expect.stringMatching(/^DescribeTransactions for transactional.id "b": .*Describe/),
    })
    expect(asked).toHaveLength(1)
  })

  it('should say which Kafka it takes to a broker that does not know the question', async () => {
    const old = await FakeCluster.start(1, undefined, (apiKey) =>
      apiKey < describeTransactionsApi.apiKey ? [0, 20] : undefined,
    )
    old.brokers.forEach((broker, nodeId) => serve(broker, nodeId, old))
    const connected = await ClusterByPromises.open(old.config())

    await expect(firstValueFrom(describeTransactionsAtCoordinators(connected.cluster, ['a']))).rejects.toMatchObject({
      ...{ _tag: 'Unsupported', retriable: false, api: 'DescribeTransactions' },
      message: expect.stringMatching(/the broker does not know it\. EXACTLY_ONCE needs Kafka 3\.0 or later\.$/),
    })
    await connected.close()
    await old.stop()
  })
})

const readIds = (body: Buffer): readonly string[] => {
  const reader = new ByteReader(body, 'DescribeTransactions request')
  reader.skipTaggedFields()
  return reader.readCompactArray(() => reader.readCompactString())
}

const coordinatorAnswer = ({ brokers }: FakeCluster, nodeId: number): Buffer =>
  new ByteWriter()
    .writeInt32(0)
    .writeInt16(0)
    .writeNullableString(null)
    .writeInt32(nodeId)
    .writeString('127.0.0.1')
    .writeInt32(brokers[nodeId]?.port ?? 0)
    .toBuffer()

const coordinatorsAnswer = (found: readonly (readonly [id: string, nodeId: number, code: number])[]): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeInt32(0)
    .writeCompactArray(found, (writer, [id, nodeId, code]) =>
      writer
        .writeCompactString(id)
        .writeInt32(nodeId)
        .writeCompactString('127.0.0.1')
        .writeInt32(9092)
        .writeInt16(code)
        .writeUnsignedVarint(0)
        .writeNoTaggedFields(),
    )
    .writeNoTaggedFields()
    .toBuffer()

const descriptions = (answers: readonly (readonly [id: string, code: number])[]): Buffer =>
  new ByteWriter()
    .writeNoTaggedFields()
    .writeInt32(0)
    .writeCompactArray(answers, (writer, [id, code]) =>
      writer
        .writeInt16(code)
        .writeCompactString(id)
        .writeCompactString(code === 0 ? 'Ongoing' : '')
        .writeInt32(60_000)
        .writeInt64(1_700_000_000_000)
        .writeBigInt64(7n)
        .writeInt16(3)
        .writeCompactArray([], () => undefined)
        .writeNoTaggedFields(),
    )
    .writeNoTaggedFields()
    .toBuffer()
