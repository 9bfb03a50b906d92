import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { firstValueFrom, lastValueFrom } from 'rxjs'
import type { ConnectKafka } from '../../../lib/client/KafkaClient.js'
import type { IsolationLevel } from '../../../lib/client/IsolationLevel.js'
import { isKafkaError } from '../../../lib/client/KafkaError.js'
import type { Brokers, ConnectionPurpose, SendOptions } from '../../../lib/cluster/Brokers.js'
import { ContractScene, eventually } from '../../../lib/conformance/client/ContractScene.js'
import { decodeRecordBatches } from '../../../lib/protocol/decodeRecordBatches.js'
import { RecordBatch } from '../../../lib/protocol/RecordBatch.js'
import { fetchApi, type FetchPartition, type FetchRequest } from '../../../lib/protocol/requests/fetch.js'
import type { FetchedPartitionResponse, FetchResponse } from '../../../lib/protocol/requests/fetch.js'
import { fetchByNameApi } from '../../../lib/protocol/requests/fetchByName.js'
import { type BrokerMetadata, metadataApi } from '../../../lib/protocol/requests/metadata.js'
import { offsetForLeaderEpochApi } from '../../../lib/protocol/requests/offsetForLeaderEpoch.js'
import { ANY_BROKER } from '../../../lib/cluster/Brokers.js'

/** Brokers, and a client that writes to them. */
export interface FetchHarness {
  readonly brokers: Brokers
  readonly connect: ConnectKafka
  readonly bootstrapServers: readonly { readonly host: string; readonly port: number }[]
}

/** What brokers answer to those who read, byte by byte of what a client goes by: those in memory as real ones. */
export const describeFetchContract = (name: string, open: () => FetchHarness): void => {
  describe(`fetches from ${name}`, () => {
    let brokers: Brokers
    let scene: ContractScene
    let broker: BrokerMetadata
    let topicId: string
    let write: (...values: string[]) => Promise<void>

    beforeEach(async () => {
      const harness = open()
      brokers = harness.brokers
      scene = new ContractScene(harness)
      const client = await scene.clientAndTopic()
      write = (...values) =>
        scene.write(
          client,
          values.map((value) => ({ partition: 0, key: `key of ${value}`, value, timestamp: 1_000 })),
        )
      await eventually(
        () => lastValueFrom(brokers.send(ANY_BROKER, 'control', metadataApi, { topics: [scene.topic] })),
        ({ brokers: members, topics: [topic] }) => {
          broker = members[0]!
          topicId = topic?.topicId ?? ''
          expect(topic?.partitions).toMatchObject([{ leader: broker.nodeId }])
          brokers.retain(members)
        },
      )
    })
    afterEach(async () => {
      await scene.end()
      await lastValueFrom(brokers.close(), { defaultValue: undefined })
    })

    const requestOf = (partition: Partial<FetchPartition>, request: Partial<FetchRequest> = {}): FetchRequest => ({
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, isolationLevel: 'read_uncommitted' },
      ...request,
      partitions: [
        {
          ...{ topic: scene.topic, topicId, partition: 0, currentLeaderEpoch: -1, fetchOffset: 0 },
          ...{ partitionMaxBytes: 1_000_000, ...partition },
        },
      ],
    })
    /** The only partition of the response, once its leader is ready. */
    const ask = async (
      request: FetchRequest,
      api: typeof fetchApi | typeof fetchByNameApi = fetchApi,
    ): Promise<FetchedPartitionResponse> => {
      let response: FetchResponse | undefined
      await eventually(
        () => firstValueFrom(brokers.send<FetchRequest, FetchResponse>(broker, 'fetch contract', api, request)),
        (answer) => {
          response = answer
          expect(answer.errorCode).toBe(0)
          expect(answer.partitions.map(({ errorCode }) => errorCode)).not.toContain(6)
        },
      )
      expect(response!.partitions).toHaveLength(1)
      return response!.partitions[0]!
    }
    const valuesOf = (
      response: FetchedPartitionResponse,
      from = 0,
      isolationLevel: IsolationLevel = 'read_committed',
    ) =>
      decodeRecordBatches({ ...response, topic: scene.topic }, from, { isolationLevel, checkCrcs: true })
        .take(Infinity)
        .map(({ offset, key, value, timestamp }) => [offset, key?.toString(), value?.toString(), timestamp])
    const headersOf = ({ records }: FetchedPartitionResponse): readonly RecordBatch[] => {
      const batches: RecordBatch[] = []
      for (let at = 0; at < records.length; at = batches.at(-1)!.end) batches.push(new RecordBatch(records, at))
      return batches
    }
    const record = (offset: number, value: string) => [offset, `key of ${value}`, value, 1_000]

    it('should answer an empty log by the id of its topic, and by its name', async () => {
      const empty = {
        ...{ partition: 0, errorCode: 0, highWatermark: 0, lastStableOffset: 0, logStartOffset: 0 },
        ...{ abortedTransactions: [], preferredReadReplica: -1, records: Buffer.alloc(0) },
      }
      expect(await ask(requestOf({}))).toEqual({ topicId, ...empty })
      expect(await ask(requestOf({}), fetchByNameApi)).toEqual({ topic: scene.topic, ...empty })
    })

    it('should answer whole batches, from the one that holds the offset', async () => {
      await write('a', 'b')
      await write('c')
      const all = await ask(requestOf({}))
      expect(all).toMatchObject({ highWatermark: 3, lastStableOffset: 3, abortedTransactions: [] })
      expect(valuesOf(all)).toEqual([record(0, 'a'), record(1, 'b'), record(2, 'c')])
      expect(headersOf(all)).toMatchObject([
        { baseOffset: 0, lastOffsetDelta: 1, count: 2, leaderEpoch: 0, timestampType: 'CreateTime' },
        { baseOffset: 2, lastOffsetDelta: 0, count: 1, baseTimestamp: 1_000, maxTimestamp: 1_000 },
      ])
      for (const { isControl, isTransactional, compression, magic } of headersOf(all))
        expect([isControl, isTransactional, compression, magic]).toEqual([false, false, 'none', 2])
      const within = await ask(requestOf({ fetchOffset: 1 }))
      expect(headersOf(within)[0]?.baseOffset).toBe(0)
      expect(valuesOf(within, 1)).toEqual([record(1, 'b'), record(2, 'c')])
      expect((await ask(requestOf({ fetchOffset: 3 }))).records).toHaveLength(0)
      expect(await ask(requestOf({}), fetchByNameApi)).toMatchObject({ topic: scene.topic, records: all.records })
    })

    it('should answer the first batch however little is asked for (KIP-74)', async () => {
      await write('a', 'b')
      await write('c')
      const first = await ask(requestOf({ partitionMaxBytes: 1 }, { maxBytes: 1 }))
      expect(valuesOf(first)).toEqual([record(0, 'a'), record(1, 'b')])
    })

    it('should say of each partition why it is refused', async () => {
      await write('a')
      const unknown = 'AAAAAAAAAAAAAAAAAAAAEA'
      const code = async (...of: Parameters<typeof ask>) => (await ask(...of)).errorCode
      expect(await code(requestOf({ topicId: unknown }))).toBe(100)
      expect(await code(requestOf({ partition: 7 }))).toBe(3)
      expect(await code(requestOf({ topic: `no-${scene.topic}` }), fetchByNameApi)).toBe(3)
      expect(await code(requestOf({ currentLeaderEpoch: 7 }))).toBe(75)
      expect(await code(requestOf({ currentLeaderEpoch: 0 }))).toBe(0)
      expect(await code(requestOf({ fetchOffset: 2 }))).toBe(1)
      const refused = await ask(requestOf({ fetchOffset: 2 }))
      expect(refused).toMatchObject({ highWatermark: -1, abortedTransactions: [], records: Buffer.alloc(0) })
    })

    it('should tell what is committed from what is aborted or open', async () => {
      const client = await scene.client()
      const producer = await scene.openTransaction(client, ['committed'])
      await lastValueFrom(producer.commit())
      producer.begin()
      await scene.append(producer, ['aborted'])
      await lastValueFrom(producer.abort())
      await write('plain')
      const other = await scene.openTransaction(client, ['open'], `${scene.transactionalId}-other`)
      const request = requestOf({}, { isolationLevel: 'read_committed' })
      // EndTxn is answered before the markers are written.
      await eventually(
        () => ask(request),
        (answer) => expect(answer).toMatchObject({ highWatermark: 6, lastStableOffset: 5, logStartOffset: 0 }),
      )
      const committed = await ask(request)
      const all = await ask(requestOf({}))
      const batches = headersOf(all)
      const [first, , second] = batches
      expect(committed.abortedTransactions).toEqual([{ producerId: second?.producerId, firstOffset: 2 }])
      expect(all.abortedTransactions).toEqual([])
      expect(first?.producerId).toBe(second?.producerId)
      expect(headersOf(committed)).toHaveLength(5)
      expect(batches.map((batch) => [batch.baseOffset, batch.isTransactional, batch.isControl, batch.count])).toEqual([
        [0, true, false, 1],
        [1, true, true, 1],
        [2, true, false, 1],
        [3, true, true, 1],
        [4, false, false, 1],
        [5, true, false, 1],
      ])
      expect(batches.slice(0, 4).map(({ producerId, producerEpoch }) => [producerId, producerEpoch])).toEqual(
        Array.from({ length: 4 }, () => [first?.producerId, first?.producerEpoch]),
      )
      expect(batches.slice(0, 4).map(({ baseSequence }) => baseSequence)).toEqual([0, -1, 1, -1])
      expect(valuesOf(committed).map(([offset, , value]) => [offset, value])).toEqual([
        [0, 'committed'],
        [4, 'plain'],
      ])
      const read = valuesOf(all, 0, 'read_uncommitted')
      expect(read.map(([, , value]) => value)).toEqual(['committed', 'aborted', 'plain', 'open'])
      const behind = await ask(requestOf({ fetchOffset: 4 }, { isolationLevel: 'read_committed' }))
      expect(behind.abortedTransactions).toEqual([])
      await lastValueFrom(other.abort())
    })

    it('should wait with an answer until there is something to be read', async () => {
      await ask(requestOf({}))
      const answer = ask(requestOf({}, { maxWaitMs: 20_000 }))
      await write('a')
      let fetched = await answer
      // An answer without records is one too.
      while (fetched.records.length === 0) fetched = await ask(requestOf({}, { maxWaitMs: 20_000 }))
      expect(valuesOf(fetched)).toEqual([record(0, 'a')])
    })

    /** How it ends, and what it says. */
    const endOf = (purpose: ConnectionPurpose, request: FetchRequest, options?: SendOptions): Promise<string> =>
      firstValueFrom(brokers.send(broker, purpose, fetchApi, request, options)).then(
        () => 'answered',
        (error: unknown) => (isKafkaError(error) ? `${error._tag}, ${error.retriable}` : String(error)),
      )
    /** Where the log ends: what is asked for then waits. */
    const told = async (purpose: ConnectionPurpose): Promise<void> => {
      await ask(requestOf({}))
      expect(await endOf(purpose, requestOf({}))).toBe('answered')
    }
    const atTheEnd = requestOf.bind(undefined, {}, { maxWaitMs: 20_000 })

    it('should give up a fetch that is not answered in time, and its connection with all that is in flight on it', async () => {
      await told('fetch a')
      const [overdue, behind] = [endOf('fetch a', atTheEnd(), { timeoutMs: 300 }), endOf('fetch a', atTheEnd())]
      expect([await overdue, await behind]).toEqual(['Timeout, true', 'Connection, true'])
      expect(await endOf('fetch a', requestOf({}))).toBe('answered')
    })

    it('should end what is in flight on the connections of a purpose that is released, and of all when it is closed', async () => {
      await told('fetch a')
      await told('fetch b')
      const [released, closed] = [endOf('fetch a', atTheEnd()), endOf('fetch b', atTheEnd())]
      brokers.release('fetch a')
      expect(await released).toBe('Connection, true')
      await lastValueFrom(brokers.close(), { defaultValue: undefined })
      expect(await closed).toBe('Connection, true')
      expect(await endOf('fetch a', requestOf({}))).toBe('Connection, false')
    })

    it('should say where an epoch ends (KIP-320)', async () => {
      await write('a', 'b')
      const epochEnd = async (leaderEpoch: number, partition = 0, currentLeaderEpoch = -1) => {
        const partitions = [{ topic: scene.topic, partition, currentLeaderEpoch, leaderEpoch }]
        const answer = await lastValueFrom(brokers.send(broker, 'control', offsetForLeaderEpochApi, { partitions }))
        return answer.partitions
      }
      const end = { topic: scene.topic, partition: 0, errorCode: 0 }
      expect(await epochEnd(0)).toEqual([{ ...end, leaderEpoch: 0, endOffset: 2 }])
      expect(await epochEnd(5)).toEqual([{ ...end, leaderEpoch: -1, endOffset: -1 }])
      expect(await epochEnd(0, 7)).toMatchObject([{ partition: 7, errorCode: 3, endOffset: -1 }])
      expect(await epochEnd(0, 0, 7)).toMatchObject([{ errorCode: 75, endOffset: -1 }])
    })
  })
}
