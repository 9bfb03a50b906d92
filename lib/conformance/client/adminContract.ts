import { lastValueFrom } from 'rxjs'
import { earliestOffset, latestOffset, offsetForTimestamp } from '../../client/OffsetSpec.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type ContractScene, eventually, producerConfig } from './ContractScene.js'
import type { TestFramework } from '../TestFramework.js'

/** Topics, partitions, offsets, groups. */
export const adminContract = (scene: () => ContractScene, { expect, it }: TestFramework): void => {
  it('should create, describe, list and delete topics', async () => {
    const { topic } = scene()
    const { admin } = await scene().clientAndTopic(3)
    const [described, ...others] = await lastValueFrom(admin.describeTopics([topic, `${topic}-missing`]))
    expect(others).toEqual([])
    expect(described?.name).toBe(topic)
    expect(described?.internal).toBe(false)
    expect(described?.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2])
    for (const { leader, replicas } of described?.partitions ?? []) expect(replicas).toContain(leader)
    expect((await lastValueFrom(admin.listTopics())).map(({ name }) => name)).toContain(topic)
    await lastValueFrom(admin.deleteTopics([topic]))
    expect(await lastValueFrom(admin.describeTopics([topic]))).toEqual([])
  })

  it('should refuse a topic that exists, and a name that is none', async () => {
    const { topic } = scene()
    const { admin } = await scene().clientAndTopic()
    await expect(lastValueFrom(admin.createTopics([{ topic, partitions: 1 }]))).rejects.toMatchObject({
      _tag: 'Broker',
      codeName: 'TOPIC_ALREADY_EXISTS',
      retriable: false,
    })
    await expect(lastValueFrom(admin.createTopics([{ topic: 'no topic!', partitions: 1 }]))).rejects.toMatchObject({
      _tag: 'Config',
      retriable: false,
    })
  })

  it('should raise the number of partitions', async () => {
    const { topic } = scene()
    const { admin } = await scene().clientAndTopic(1)
    await lastValueFrom(admin.createPartitions(topic, 3))
    const [described] = await lastValueFrom(admin.describeTopics([topic]))
    expect(described?.partitions.length).toBe(3)
    await expect(lastValueFrom(admin.createPartitions(topic, 2))).rejects.toMatchObject({ _tag: 'Config' })
  })

  it('should find the ends of partitions by isolation level, with a transaction open', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(2)
    const [p0, p1] = [new TopicPartition(topic, 0), new TopicPartition(topic, 1)]
    await scene().write(client, [
      { partition: 0, value: 'a' },
      { partition: 0, value: 'b' },
    ])
    const producer = await scene().openTransaction(client, ['c'])
    const offsets = async (spec: typeof latestOffset, isolation: 'read_committed' | 'read_uncommitted') =>
      Object.fromEntries(
        await lastValueFrom(
          client.admin.listOffsets(
            [
              [p0, spec],
              [p1, spec],
            ],
            isolation,
          ),
        ),
      )
    expect(await offsets(earliestOffset, 'read_committed')).toEqual({ [`${topic}-0`]: 0, [`${topic}-1`]: 0 })
    expect(await offsets(latestOffset, 'read_uncommitted')).toEqual({ [`${topic}-0`]: 3, [`${topic}-1`]: 0 })
    expect(await offsets(latestOffset, 'read_committed')).toEqual({ [`${topic}-0`]: 2, [`${topic}-1`]: 0 })
    await lastValueFrom(producer.commit())
    await eventually(
      () => offsets(latestOffset, 'read_uncommitted'),
      (ends) => expect(ends).toEqual({ [`${topic}-0`]: 4, [`${topic}-1`]: 0 }),
    )
    expect(await offsets(latestOffset, 'read_committed')).toEqual({ [`${topic}-0`]: 4, [`${topic}-1`]: 0 })
  })

  it('should find the first offset at or after a timestamp, and leave out partitions without one', async () => {
    const { topic } = scene()
    const client = await scene().clientAndTopic(2)
    await scene().write(client, [
      { partition: 0, value: 'a', timestamp: 1000 },
      { partition: 0, value: 'b', timestamp: 3000 },
      { partition: 0, value: 'c', timestamp: 2000 },
      { partition: 1, value: 'd', timestamp: 1500 },
    ])
    const at = async (timestamp: number) =>
      Object.fromEntries(
        await lastValueFrom(
          client.admin.listOffsets(
            [0, 1].map((partition) => [new TopicPartition(topic, partition), offsetForTimestamp(timestamp)] as const),
            'read_committed',
          ),
        ),
      )
    expect(await at(0)).toEqual({ [`${topic}-0`]: 0, [`${topic}-1`]: 0 })
    expect(await at(1500)).toEqual({ [`${topic}-0`]: 1, [`${topic}-1`]: 0 })
    expect(await at(2000)).toEqual({ [`${topic}-0`]: 1 })
    expect(await at(3001)).toEqual({})
  })

  it('should keep committed offsets of a group, and leave out what it has not committed', async () => {
    const { topic, group } = scene()
    const client = await scene().clientAndTopic(3)
    const partitions = [0, 1, 2].map((partition) => new TopicPartition(topic, partition))
    const committed = async (groupId: string) =>
      Object.fromEntries(await lastValueFrom(client.admin.committedOffsets(groupId, partitions)))
    expect(await committed(group)).toEqual({})
    await lastValueFrom(client.admin.commitOffsets(group, [[new TopicPartition(topic, 0), 7]]))
    await lastValueFrom(
      client.admin.commitOffsets(group, [
        [new TopicPartition(topic, 0), 5],
        [new TopicPartition(topic, 2), 0],
      ]),
    )
    expect(await committed(group)).toEqual({ [`${topic}-0`]: 5, [`${topic}-2`]: 0 })
    expect(await committed(`${group}-other`)).toEqual({})
  })

  it('should commit offsets of what exists, and say at once what does not', async () => {
    const { topic, group } = scene()
    const client = await scene().clientAndTopic(2)
    const { admin } = client
    await lastValueFrom(admin.createTopics([{ topic: `${topic}-gone`, partitions: 1 }]))
    await lastValueFrom(admin.deleteTopics([`${topic}-gone`]))
    const gone = new TopicPartition(`${topic}-gone`, 0)
    const [first, second, tooHigh] = [0, 1, 2].map((partition) => new TopicPartition(topic, partition))
    const asked = [first, gone, tooHigh, second].map((partition) => [partition!, 4] as const)
    const startedAt = Date.now()
    const refused = await lastValueFrom(admin.commitOffsets(group, asked))
    expect([...refused.keys()]).toEqual([String(gone), String(tooHigh)])
    for (const error of refused.values()) expect(error).toMatchObject({ _tag: 'Broker', code: 3 })
    // `request.timeout.ms` is 20 s here.
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    expect(Object.fromEntries(await lastValueFrom(admin.committedOffsets(group, [first!, second!])))).toEqual({
      [String(first)]: 4,
      [String(second)]: 4,
    })
  })

  it('should list open transactions', async () => {
    const { transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const listed = async () => {
      const ongoing = await lastValueFrom(client.admin.listTransactions(['Ongoing']))
      return ongoing.filter((transaction) => transaction.transactionalId === transactionalId)
    }
    expect(await listed()).toEqual([])
    const producer = await scene().openTransaction(client, ['a'])
    expect(await listed()).toEqual([{ transactionalId, producerId: expect.any(BigInt), state: 'Ongoing' }])
    await lastValueFrom(producer.abort())
    expect(await listed()).toEqual([])
  })

  it('should list the transactions of a producer', async () => {
    const { transactionalId } = scene()
    const client = await scene().clientAndTopic()
    const ids = [transactionalId, `${transactionalId}-other`]
    await scene().openTransaction(client, ['a'], ids[0])
    await scene().openTransaction(client, ['b'], ids[1])
    const described = await lastValueFrom(client.admin.describeTransactions(ids))
    for (const id of ids) {
      const producerId = described.get(id)?.producerId ?? -1n
      const listed = await lastValueFrom(client.admin.listTransactions([], [producerId]))
      expect(listed).toEqual([{ transactionalId: id, producerId, state: 'Ongoing' }])
      expect(await lastValueFrom(client.admin.listTransactions(['CompleteAbort'], [producerId]))).toEqual([])
    }
  })

  it('should tell who writes to a partition, and where its open transaction begins', async () => {
    const { topic, transactionalId } = scene()
    const client = await scene().clientAndTopic(3)
    const partitions = [0, 1, 2].map((partition) => new TopicPartition(topic, partition))
    const producersOf = async (partition: number) =>
      (await lastValueFrom(client.admin.describeProducers(partitions))).get(`${topic}-${partition}`)
    expect([...(await lastValueFrom(client.admin.describeProducers(partitions))).values()]).toEqual([[], [], []])
    await scene().write(client, [
      { partition: 0, value: 'a', timestamp: 7000 },
      { partition: 0, value: 'b', timestamp: 5000 },
    ])
    const idempotent = {
      ...{ producerId: expect.any(BigInt), epoch: 0, lastSequence: 1, lastTimestamp: 7000 },
      ...{ coordinatorEpoch: undefined, transactionStartOffset: undefined },
    }
    expect(await producersOf(0)).toEqual([idempotent])
    const producer = client.transactionalProducer(transactionalId, producerConfig())
    const { producerId, epoch } = await lastValueFrom(producer.init())
    producer.begin()
    for (const partition of [0, 1]) producer.append({ topic, partition, value: 'c', timestamp: 9000 })
    await lastValueFrom(producer.flush())
    const writing = { producerId, epoch, lastSequence: 0, lastTimestamp: 9000, coordinatorEpoch: undefined }
    const both = (await producersOf(0)) ?? []
    expect(both.filter((one) => one.producerId !== producerId)).toEqual([idempotent])
    expect(both.filter((one) => one.producerId === producerId)).toEqual([{ ...writing, transactionStartOffset: 2 }])
    expect(await producersOf(1)).toEqual([{ ...writing, transactionStartOffset: 0 }])
    expect(await producersOf(2)).toEqual([])
    await lastValueFrom(producer.commit())
    await eventually(
      () => producersOf(1),
      (after) =>
        expect(after).toEqual([
          { ...writing, lastTimestamp: expect.any(Number), coordinatorEpoch: 0, transactionStartOffset: undefined },
        ]),
    )
    expect((await producersOf(1))?.[0]?.lastTimestamp).toBeGreaterThan(9000)
  })

  it('should say which partition it cannot ask about', async () => {
    const { topic } = scene()
    await scene().clientAndTopic()
    const { admin } = await scene().client({ requestTimeoutMs: 500 })
    const asked = [0, 4].map((partition) => new TopicPartition(topic, partition))
    await expect(lastValueFrom(admin.describeProducers(asked))).rejects.toMatchObject({
      ...{ codeName: 'UNKNOWN_TOPIC_OR_PARTITION', topic, partition: 4, retriable: true },
    })
    expect((await lastValueFrom(admin.describeProducers([]))).size).toBe(0)
  })

  it('should read a setting of the brokers', async () => {
    const { admin } = await scene().client()
    expect(Number(await lastValueFrom(admin.brokerConfig('transaction.max.timeout.ms')))).toBeGreaterThan(0)
    expect(await lastValueFrom(admin.brokerConfig('no.such.setting'))).toBeUndefined()
  })
}
