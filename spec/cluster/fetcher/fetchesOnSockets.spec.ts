import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { FetcherConfig, KafkaConfig } from '../../../lib/client/KafkaConfig.js'
import type { FetchedRecords, FetchFailed } from '../../../lib/client/KafkaFetcher.js'
import { TopicPartition, topicPartitionKey } from '../../../lib/client/TopicPartition.js'
import { ClusterByPromises } from '../../kafkajs/support/ClusterByPromises.js'
import { ClusterFetcher } from '../../../lib/cluster/fetcher/ClusterFetcher.js'
import { LEADER_EPOCH_AT, LENGTH_AT } from '../../../lib/protocol/RecordBatch.js'
import { batchAt } from '../../support/encodedBatches.js'
import {
  type AskedPartition,
  FakeCluster,
  type OnFetch,
  type PartitionAnswer,
} from '../../kafkajs/support/FakeCluster.js'
import { until } from '../../kafkajs/support/until.js'

const a = new TopicPartition('t', 0)
const b = new TopicPartition('t', 1)
const c = new TopicPartition('t', 2)

const fetcherConfig: FetcherConfig = {
  isolationLevel: 'read_committed',
  minBytes: 1,
  maxBytes: 1_000_000,
  maxPartitionBytes: 1000,
  maxWaitMs: 10_000,
  checkCrcs: true,
}

/** A log of `count` records, one a batch, as one fetch brings it from an offset. */
const log =
  (count: number, perFetch = 1) =>
  ({ offset }: Pick<AskedPartition, 'offset'>): PartitionAnswer | undefined => {
    if (offset >= count) return undefined
    const batches = Array.from({ length: Math.min(perFetch, count - offset) }, (_, i) =>
      batchAt(offset + i, { records: [{ value: `${offset + i}` }] }),
    )
    return { records: Buffer.concat(batches), highWatermark: count }
  }

/** The same, written by the leader of an epoch. */
const ofEpoch = (epoch: number, answer: PartitionAnswer | undefined): PartitionAnswer | undefined => {
  answer?.records?.writeInt32BE(epoch, LEADER_EPOCH_AT)
  return answer
}

/** What only sockets show: connections and their turns, answers that no broker in memory gives. */
describe('ClusterFetcher on sockets', () => {
  let cluster: FakeCluster
  let connections: ClusterByPromises
  let fetcher: ClusterFetcher
  let emitted: (FetchedRecords | FetchFailed)[]

  const open = async (config: Partial<FetcherConfig> = {}, client: Partial<KafkaConfig> = {}): Promise<void> => {
    connections = await ClusterByPromises.open(cluster.config(client))
    fetcher = new ClusterFetcher(connections.cluster, { ...fetcherConfig, ...config }, '0')
    emitted = []
    fetcher.fetched$.subscribe((outcome) => emitted.push(outcome))
  }

  const begin = (topicPartition: TopicPartition, offset = 0): void => {
    fetcher.assign(topicPartition, offset)
    fetcher.request(topicPartition)
  }

  const values = (): readonly string[] =>
    emitted.flatMap((outcome) =>
      outcome._tag === 'Fetched' ? outcome.take(Infinity).map(({ value }) => String(value)) : [outcome.error._tag],
    )

  const start = async (brokers: number, ...leaders: number[]): Promise<void> => {
    cluster = await FakeCluster.start(brokers)
    cluster.lead('t', ...leaders)
    await open()
  }

  const reopen = async (config: Partial<FetcherConfig>, client: Partial<KafkaConfig>): Promise<void> => {
    fetcher.close()
    await connections.close()
    await open(config, client)
  }

  beforeEach(() => start(1, 0, 0, 0))

  afterEach(async () => {
    fetcher.close()
    await connections.close()
    await cluster.stop()
  })

  describe('demand', () => {
    it('should carry all that is requested in one turn in one fetch', async () => {
      cluster.onFetch = log(10)
      ;[a, b, c].forEach((topicPartition) => begin(topicPartition))
      await until(() => emitted.length === 3)

      expect(cluster.fetches.map(({ partitions }) => partitions.length)).toEqual([3])
    })

    it('should wait at the broker for data, and ask again when none came', async () => {
      let end = 0
      cluster.onFetch = (asked) => log(end)(asked)
      begin(a)
      await until(() => cluster.fetches.length === 1)
      cluster.wake()
      await until(() => cluster.fetches.length === 2)
      end = 1
      cluster.wake()
      await until(() => emitted.length === 1)

      expect(cluster.fetches.map(({ maxWaitMs }) => maxWaitMs)).toEqual([10_000, 10_000])
    })

    it('should emit nothing for a partition that is unassigned while others are emitted', async () => {
      cluster.onFetch = log(1)
      fetcher.fetched$.subscribe(() => fetcher.unassign(b))
      begin(a)
      begin(b)
      await until(() => emitted.length === 1)
      // Both came in one response, and are emitted in one turn.
      await turn()

      expect(emitted.map(({ topicPartition }) => topicPartitionKey(topicPartition))).toEqual(['t-0'])
    })
  })

  describe('idle and busy partitions of one broker', () => {
    it('should not make a busy one wait behind the long poll of an idle one', async () => {
      cluster.onFetch = (asked) => (asked.partition === 0 ? log(1000)(asked) : undefined)
      begin(b)
      await until(() => cluster.fetches.length === 1)
      const startedAt = performance.now()
      fetcher.fetched$.subscribe(({ topicPartition }) => emitted.length < 50 && fetcher.request(topicPartition))
      begin(a)
      await until(() => emitted.length === 50)

      expect(performance.now() - startedAt).toBeLessThan(5000)
      expect(new Set(cluster.fetches.map(({ connection }) => connection)).size).toBe(2)
    })

    it('should wait shortly, then longer, while somebody may still ask and no other connection is free', async () => {
      cluster.onFetch = ({ partition }) => (partition === 2 ? log(10)({ offset: 0 }) : undefined)
      begin(c)
      await until(() => emitted.length === 1)
      begin(a)
      await until(() => cluster.fetches.length === 2)
      begin(b)
      await until(() => cluster.fetches.length === 7)

      expect(cluster.fetches.map(({ maxWaitMs }) => maxWaitMs)).toEqual([10_000, 10_000, 1, 2, 4, 8, 16])
    })

    it('should let who got nothing go first next time, since a full answer leaves out the last', async () => {
      cluster.onFetch = (asked, { partitions }) => (asked === partitions[0] ? log(100)(asked) : {})
      fetcher.fetched$.subscribe(({ topicPartition }) => emitted.length < 6 && fetcher.request(topicPartition))
      ;[a, b, c].forEach((topicPartition) => begin(topicPartition))
      await until(() => emitted.length >= 6)

      expect(emitted.slice(0, 6).map(({ topicPartition }) => topicPartition.partition)).toEqual([0, 1, 2, 0, 1, 2])
    })
  })

  describe('trouble', () => {
    it('should read on when a topic that vanished is there again', async () => {
      cluster.onFetch = (asked) => (cluster.leaders.has('t') ? log(2)(asked) : { errorCode: 3 })
      begin(a)
      await until(() => emitted.length === 1)
      cluster.leaders.delete('t')
      fetcher.request(a)
      await until(() => connections.leaderOf('t', 0) === undefined)
      cluster.lead('t', 0)
      await until(() => emitted.length === 2)

      expect(values()).toEqual(['0', '1'])
    })

    it('should notice that a topic was created anew though it never missed it, and not read the new one for the old', async () => {
      cluster.lead('t', 0)
      cluster.lead('t', 0)
      cluster.onEpochAsked = () => ({ leaderEpoch: -1, endOffset: -1 })
      cluster.onFetch = (asked) => {
        const { leaderEpoch = -1 } = cluster.leaders.get('t')?.[0] ?? {}
        return asked.leaderEpoch > leaderEpoch ? { errorCode: 75 } : ofEpoch(leaderEpoch, log(3)(asked))
      }
      begin(a)
      await until(() => emitted.length === 1)
      cluster.leaders.delete('t')
      cluster.lead('t', 0)
      fetcher.request(a)
      await until(() => emitted.length === 2)

      expect(emitted[1]).toMatchObject({ error: { _tag: 'LogTruncated' } })
      expect(emitted[1]).not.toHaveProperty('error.divergentOffset')
    })

    it('should report a topic that it may not see, at once', async () => {
      await reopen({}, { requestTimeoutMs: 60_000 })
      cluster.refused.set('secret', 29)
      begin(new TopicPartition('secret', 0))
      await until(() => emitted.length === 1)

      expect(emitted).toMatchObject([
        { _tag: 'FetchFailed', error: { _tag: 'Authorization', retriable: false, topic: 'secret', partition: 0 } },
      ])
      expect(cluster.fetches).toEqual([])
    })

    it('should ask for more bytes when not even the first batch fits', async () => {
      const batch = batchAt(0, { records: [{ value: 'x'.repeat(5000) }] })
      cluster.onFetch = ({ maxBytes }) => ({ records: batch.subarray(0, maxBytes), highWatermark: 1 })
      begin(a)
      await until(() => emitted.length === 1)

      expect(cluster.fetches.map(({ partitions }) => partitions[0]?.maxBytes)).toEqual([1000, batch.length])
    })

    it('should give up on a batch whose length no fetch brings', async () => {
      const batch = batchAt(3, { records: [{ value: 'x' }] })
      batch.writeInt32BE(0x7fffffff, LENGTH_AT)
      cluster.onFetch = () => ({ records: batch, highWatermark: 4 })
      begin(a, 3)
      await until(() => emitted.length === 1)

      expect(emitted[0]).toMatchObject({ error: { _tag: 'Corrupt', topic: 't', partition: 0, offset: 3 } })
      expect(cluster.fetches.at(-1)?.partitions[0]?.maxBytes).toBe(0x7fffffff)
    })
  })

  describe('a topic that was created anew (KIP-516)', () => {
    const [former, anew] = ['AAAAAAAAAAEAAAAAAAAAAQ', 'AAAAAAAAAAIAAAAAAAAAAg']
    const recreated = {
      _tag: 'FetchFailed',
      error: { _tag: 'TopicRecreated', retriable: false, topic: 't', partition: 0, offset: 1 },
    }

    beforeEach(() => {
      cluster.topicIds.set('t', former)
      cluster.onFetch = log(3)
    })

    it('should be read by its id, and tell what it read', async () => {
      begin(a)
      await until(() => emitted.length === 1)

      expect(cluster.fetches[0]?.partitions).toMatchObject([{ topicId: former, topic: '', offset: 0 }])
      expect(emitted).toMatchObject([{ topicId: former, topicPartition: a }])
      expect(values()).toEqual(['0'])
    })

    it('should not be told because a broker lags behind in metadata', async () => {
      // Of the former topic, to which metadata still belongs; its leader knows better.
      cluster.topicIds.set('elsewhere', anew)
      fetcher.assign(a, 1, { topicId: anew })
      fetcher.request(a)
      await until(() => emitted.length === 1)

      expect(emitted).toMatchObject([{ _tag: 'Fetched', topicId: anew }])
    })

    it('should be told where brokers are only asked by name, when metadata names another one', async () => {
      await Promise.all(cluster.brokers.map((broker) => broker.stop()))
      await connections.close()
      cluster = await FakeCluster.start(1, '127.0.0.1', (apiKey) => [0, apiKey === 1 ? 12 : 20])
      cluster.lead('t', 0)
      cluster.topicIds.set('t', former)
      cluster.onFetch = log(3)
      await open()
      begin(a)
      await until(() => emitted.length === 1)
      expect(cluster.fetches[0]?.partitions).toMatchObject([{ topic: 't' }])
      cluster.topicIds.set('t', anew)
      await connections.refreshMetadata(['t'])
      fetcher.request(a)
      await until(() => emitted.length === 2)

      expect(emitted[1]).toMatchObject(recreated)
    })
  })

  describe('a new leader (KIP-320)', () => {
    /** Reads offset 0 of epoch 5, then the leader moves and more is asked for. */
    const readThenMove = async (onEpochAsked: FakeCluster['onEpochAsked'] = () => ({})): Promise<void> => {
      await fetcherOf(2, 0)
      cluster.onEpochAsked = onEpochAsked
      cluster.onFetch = (asked, { nodeId }) =>
        nodeId === 0 && asked.offset > 0 ? { errorCode: 6 } : ofEpoch(5, log(3)(asked))
      begin(a)
      await until(() => emitted.length === 1)
      cluster.lead('t', 1)
      fetcher.request(a)
    }

    it('should be asked again when it cannot tell yet, or leaves the partition out', async () => {
      const answers = [undefined, { errorCode: 75 }, { errorCode: 6 }]
      await readThenMove(() => (answers.length > 0 ? answers.shift() : {}))
      await until(() => emitted.length === 2)

      expect(values()).toEqual(['0', '1'])
      expect(cluster.askedEpochs).toHaveLength(4)
    })
  })

  describe('followers (KIP-392)', () => {
    /** The leader sends who tells a rack to the follower, and says nothing else. */
    const follower = (serve: (asked: AskedPartition) => PartitionAnswer | undefined): OnFetch => {
      return (asked, { nodeId, rackId }) => {
        if (nodeId === 1) return serve(asked)
        return rackId === '' ? log(2)(asked) : { preferredReadReplica: 1 }
      }
    }

    it('should read from the one the leader names, and return to the leader when it cannot serve', async () => {
      await fetcherOf(2, 0)
      cluster.onFetch = follower((asked) => (asked.offset === 0 ? log(2)(asked) : { errorCode: 1 }))
      begin(a)
      await until(() => emitted.length === 1)
      fetcher.request(a)
      await until(() => emitted.length === 2)

      expect(cluster.fetches.map(({ nodeId, rackId }) => [nodeId, rackId])).toEqual([
        [0, 'r1'],
        [1, 'r1'],
        [1, 'r1'],
        [0, ''],
      ])
      expect(values()).toEqual(['0', '1'])
    })

    it('should stay with the leader for a while when the follower is gone, though the leader still names it', async () => {
      await fetcherOf(2, 0)
      cluster.onFetch = follower(() => undefined)
      await cluster.brokers[1]?.stop()
      begin(a)
      await until(() => emitted.length === 1)
      fetcher.request(a)
      await until(() => emitted.length === 2)

      expect(values()).toEqual(['0', '1'])
      expect(cluster.fetches.map(({ rackId }) => rackId)).toEqual(['r1', '', ''])
    })
  })

  it('should stop at once when it is closed, and keep the client open', async () => {
    begin(a)
    await until(() => cluster.fetches.length === 1)
    const before = cluster.brokers[0]?.sockets.size ?? 0
    fetcher.close()
    await until(() => cluster.brokers[0]?.sockets.size === before - 1)
    cluster.wake()

    await expect(connections.refreshMetadata(['t'])).resolves.toBeDefined()
    expect(emitted).toEqual([])
  })

  const fetcherOf = async (brokers: number, ...leaders: number[]): Promise<void> => {
    fetcher.close()
    await connections.close()
    await cluster.stop()
    cluster = await FakeCluster.start(brokers)
    cluster.lead('t', ...leaders)
    await open({}, { rack: 'r1' })
  }
})
