import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defer, firstValueFrom, map, retry } from 'rxjs'
import { earliestOffset, latestOffset, offsetForTimestamp } from '../../../lib/client/OffsetSpec.js'
import type { Brokers } from '../../../lib/cluster/Brokers.js'
import { createPartitionsApi } from '../../../lib/protocol/requests/createPartitions.js'
import { createTopicsApi } from '../../../lib/protocol/requests/createTopics.js'
import { deleteTopicsApi } from '../../../lib/protocol/requests/deleteTopics.js'
import { describeConfigsApi } from '../../../lib/protocol/requests/describeConfigs.js'
import { describeProducersApi } from '../../../lib/protocol/requests/describeProducers.js'
import { describeTransactionsApi } from '../../../lib/protocol/requests/describeTransactions.js'
import { findCoordinatorApi } from '../../../lib/protocol/requests/findCoordinator.js'
import { findCoordinatorsApi } from '../../../lib/protocol/requests/findCoordinators.js'
import type { KafkaApi } from '../../../lib/protocol/requests/KafkaApi.js'
import { listOffsetsApi } from '../../../lib/protocol/requests/listOffsets.js'
import { listTransactionsApi } from '../../../lib/protocol/requests/listTransactions.js'
import { type BrokerMetadata, metadataApi } from '../../../lib/protocol/requests/metadata.js'
import { offsetCommitApi } from '../../../lib/protocol/requests/offsetCommit.js'
import { offsetFetchApi } from '../../../lib/protocol/requests/offsetFetch.js'
import { BrokersUnderTest } from './BrokersUnderTest.js'

const timeoutMs = 10_000

/**
 * What brokers answer to the same requests: those in memory as real ones. The cluster has one broker; others may use it meanwhile.
 * Only what a client goes by is compared: messages of brokers, ids and addresses are theirs.
 */
export const describeBrokersContract = (name: string, open: () => Brokers): void => {
  describe(`the brokers of ${name}`, () => {
    let brokers: BrokersUnderTest
    let broker: BrokerMetadata
    let topic: string
    let group: string

    beforeEach(async () => {
      topic = `brokers-${randomUUID()}`
      group = `brokers-${randomUUID()}`
      brokers = await BrokersUnderTest.open(open())
      broker = brokers.broker
      const { brokers: members, controllerId } = brokers.metadata
      expect([members.length, controllerId]).toEqual([1, broker.nodeId])
    })
    afterEach(() => brokers.close())

    const any = <Q, R>(api: KafkaApi<Q, R>, request: Q): Promise<R> => brokers.any(api, request)
    const ask = <Q, R>(api: KafkaApi<Q, R>, request: Q): Promise<R> => brokers.ask(api, request)
    /** Codes by topic: brokers answer in an order of theirs. */
    const change = async <Q>(
      api: KafkaApi<Q, { readonly topics: readonly { readonly topic: string; readonly errorCode: number }[] }>,
      request: Q,
    ): Promise<Readonly<Record<string, number>>> =>
      Object.fromEntries((await ask(api, request)).topics.map((one) => [one.topic, one.errorCode]))
    /** Codes by topic of what is created, once all of it has a leader. */
    const create = async (partitions: number): Promise<void> => {
      expect(await change(createTopicsApi, { timeoutMs, topics: [{ topic, partitions }] })).toEqual({ [topic]: 0 })
      await shown(partitions)
    }
    const shown = (partitions: number): Promise<void> =>
      firstValueFrom(
        defer(() => any(metadataApi, { topics: [topic] })).pipe(
          map(({ topics: [found] }) => {
            const leaders = found?.partitions.filter(({ leader }) => leader >= 0).length ?? 0
            if (leaders !== partitions) throw new Error(`${leaders} of ${partitions} partitions have a leader`)
          }),
          retry({ count: 100, delay: 50 }),
        ),
      )

    it('should say who is in the cluster, and which topics there are', async () => {
      const { topics } = await any(metadataApi, { topics: [topic, 'a name that cannot be'] })
      // In whichever order: brokers put those with a wrong name first.
      expect(new Map(topics.map((one) => [one.topic, [one.errorCode, one.partitions]]))).toEqual(
        new Map([
          [topic, [3, []]],
          ['a name that cannot be', [17, []]],
        ]),
      )
      await create(2)
      const all = await any(metadataApi, { topics: null })
      const found = all.topics.find((one) => one.topic === topic)!
      const led = { errorCode: 0, leader: broker.nodeId, replicas: [broker.nodeId], inSyncReplicas: [broker.nodeId] }
      expect(found).toMatchObject({ errorCode: 0, internal: false, topicId: expect.stringMatching(/^[\w-]{22}$/) })
      expect([...found.partitions].sort((a, b) => a.partition - b.partition)).toMatchObject([
        { ...led, partition: 0, leaderEpoch: 0, offlineReplicas: [] },
        { ...led, partition: 1, leaderEpoch: 0, offlineReplicas: [] },
      ])
    })

    it('should create a missing topic only for those who ask for that', async () => {
      expect((await any(metadataApi, { topics: [topic], createMissing: false })).topics[0]?.errorCode).toBe(3)
      // Answered before it has a leader, with 3 or 5, or when it has one.
      const { topics } = await any(metadataApi, { topics: [topic], createMissing: true })
      expect([0, 3, 5]).toContain(topics[0]?.errorCode)
      await shown(1)
    })

    it('should create, enlarge and delete topics, each by itself', async () => {
      await create(1)
      const invalid = { topic: 'a name that cannot be', partitions: 1 }
      const none = { topic: `${topic}-none`, partitions: 0 }
      const topics = [{ topic, partitions: 1 }, invalid, none]
      expect(await change(createTopicsApi, { timeoutMs, topics })).toEqual({
        ...{ [topic]: 36, [invalid.topic]: 17, [none.topic]: 37 },
      })
      const enlarge = (total: number, name = topic) =>
        change(createPartitionsApi, { timeoutMs, topics: [{ topic: name, total }] })
      expect([await enlarge(1), await enlarge(3), await enlarge(2, `${topic}-none`)]).toEqual([
        { [topic]: 37 },
        { [topic]: 0 },
        { [`${topic}-none`]: 3 },
      ])
      await shown(3)
      expect(await change(deleteTopicsApi, { timeoutMs, topics: [topic, `${topic}-none`] })).toEqual({
        ...{ [topic]: 0, [`${topic}-none`]: 3 },
      })
    })

    it('should list offsets', async () => {
      await create(1)
      const partitions = [earliestOffset, latestOffset, offsetForTimestamp(0)].map((spec) => ({
        ...{ topic, partition: 0, currentLeaderEpoch: -1, spec },
      }))
      const offsets: unknown[] = []
      for (const one of partitions) {
        const request = { isolationLevel: 'read_committed', partitions: [one] } as const
        const answer = await ask(listOffsetsApi, request)
        offsets.push(answer.partitions.map(({ errorCode, offset }) => [errorCode, offset]))
      }
      expect(offsets).toEqual([[[0, 0]], [[0, 0]], [[0, -1]]])
      const unknown = { topic, partition: 7, currentLeaderEpoch: -1, spec: latestOffset }
      const refused = await ask(listOffsetsApi, { isolationLevel: 'read_committed', partitions: [unknown] })
      expect(refused.partitions).toMatchObject([{ topic, partition: 7, errorCode: 3, offset: -1 }])
    })

    it('should keep the offsets of a group, of partitions that there are', async () => {
      await create(2)
      await coordinated('group', group)
      const asked = { groupId: group, partitions: [0, 1].map((partition) => ({ topic, partition })) }
      const committed = async (): Promise<ReadonlyMap<number, readonly number[]>> => {
        const { partitions } = await ask(offsetFetchApi, asked)
        return new Map(partitions.map((one) => [one.partition, [one.errorCode, one.offset]]))
      }
      expect(await committed()).toEqual(
        new Map([
          [0, [0, -1]],
          [1, [0, -1]],
        ]),
      )
      const partitions = [0, 7].map((partition) => ({ topic, partition, offset: 5 }))
      const answer = await ask(offsetCommitApi, { groupId: group, partitions })
      expect(new Map(answer.partitions.map(({ partition, errorCode }) => [partition, errorCode]))).toEqual(
        new Map([
          [0, 0],
          [7, 3],
        ]),
      )
      expect(await committed()).toEqual(
        new Map([
          [0, [0, 5]],
          [1, [0, -1]],
        ]),
      )
    })

    /** Brokers make their internal topics at the first question. */
    const coordinated = (type: 'group' | 'transaction', key: string): Promise<number> =>
      firstValueFrom(
        defer(() => any(findCoordinatorApi, { key, type })).pipe(
          map(({ errorCode, nodeId }) => {
            if (errorCode !== 0) throw new Error(`FindCoordinator answered ${errorCode}`)
            return nodeId
          }),
          retry({ count: 200, delay: 50 }),
        ),
      )

    it('should find coordinators, one and many', async () => {
      expect(await coordinated('group', group)).toBe(broker.nodeId)
      expect(await coordinated('transaction', group)).toBe(broker.nodeId)
      const { coordinators } = await any(findCoordinatorsApi, { type: 'transaction', keys: [group, topic] })
      expect(coordinators.map(({ key, nodeId, errorCode }) => [key, nodeId, errorCode])).toEqual([
        [group, broker.nodeId, 0],
        [topic, broker.nodeId, 0],
      ])
    })

    it('should know nothing of a transactional id that was never used', async () => {
      await coordinated('transaction', group)
      const { transactions } = await ask(describeTransactionsApi, { transactionalIds: [group] })
      expect(transactions).toMatchObject([{ errorCode: 105, transactionalId: group, partitions: [] }])
      const listed = await ask(listTransactionsApi, { states: [], producerIds: [] })
      expect(listed.errorCode).toBe(0)
      expect(listed.transactions.filter(({ transactionalId }) => transactionalId === group)).toEqual([])
    })

    it('should say who writes to a partition', async () => {
      await create(1)
      const partitions = [0, 7].map((partition) => ({ topic, partition }))
      const answer = await ask(describeProducersApi, { partitions })
      expect(new Map(answer.partitions.map((one) => [one.partition, [one.errorCode, one.producers]]))).toEqual(
        new Map([
          [0, [0, []]],
          [7, [3, []]],
        ]),
      )
    })

    it('should say how it is configured', async () => {
      const { nodeId } = broker
      const names = ['transaction.max.timeout.ms', 'no.such.property']
      const { results } = await ask(describeConfigsApi, { nodeId, names })
      expect(results).toMatchObject([
        { errorCode: 0, entries: [{ name: 'transaction.max.timeout.ms', value: '900000' }] },
      ])
    })

    it('should be of no use once it is closed, and say which requests left', async () => {
      let sent = 0
      const onSent = (): void => {
        sent++
      }
      const options = { onSent }
      await brokers.any(metadataApi, { topics: [] }, options)
      await brokers.close()
      await expect(brokers.any(metadataApi, { topics: [] }, options)).rejects.toThrow(/closed/)
      expect(sent).toBe(1)
    })
  })
}
