import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { TopicPartition } from '../../lib/client/TopicPartition.js'
import { ClusterByPromises } from './support/ClusterByPromises.js'
import { ClusterFetcher } from '../../lib/cluster/fetcher/ClusterFetcher.js'
import { MemoryMetricGroup } from '../../lib/metrics/MemoryMetricGroup.js'
import { batchAt } from '../support/encodedBatches.js'
import { FakeCluster } from './support/FakeCluster.js'
import { until } from './support/until.js'

describe('what a client measures', () => {
  let cluster: FakeCluster
  let metrics: MemoryMetricGroup
  let connections: ClusterByPromises

  beforeEach(async () => {
    cluster = await FakeCluster.start(1)
    cluster.lead('t', 0)
    metrics = new MemoryMetricGroup()
    connections = await ClusterByPromises.open(cluster.config({ metrics }))
  })

  afterEach(async () => {
    await connections.close()
    await cluster.stop()
  })

  const read = (name: string): number => Number(metrics.read(name))

  it('should count connections, those that are gone too', async () => {
    expect(read('connection-count')).toBe(1)
    await connections.close()
    await until(() => read('connection-close-total') === 1)
    expect([read('connection-count'), read('connection-creation-total')]).toEqual([0, 1])
  })

  it('should count requests and their answers, in bytes too', async () => {
    const [requests, responses] = [read('request-total'), read('response-total')]
    const [sent, received] = [read('outgoing-byte-total'), read('incoming-byte-total')]
    await connections.refreshMetadata(['t'])
    expect(read('request-total')).toBe(requests + 1)
    expect(read('response-total')).toBe(responses + 1)
    expect(read('network-io-total')).toBe(requests + responses + 2)
    expect(read('outgoing-byte-total')).toBeGreaterThan(sent)
    expect(read('incoming-byte-total')).toBeGreaterThan(received)
    expect(read('request-size-max')).toBeLessThanOrEqual(read('outgoing-byte-total'))
  })

  it('should tell of fetches how many there were, how long they took, and how much they brought', async () => {
    const batch = batchAt(0, { records: [{ value: 'a' }] })
    cluster.onFetch = ({ offset }) => (offset === 0 ? { records: batch, highWatermark: 1 } : undefined)
    const fetcher = new ClusterFetcher(
      connections.cluster,
      {
        isolationLevel: 'read_committed',
        minBytes: 1,
        maxBytes: 1_000_000,
        maxPartitionBytes: 1000,
        maxWaitMs: 10_000,
        checkCrcs: true,
      },
      '0',
    )
    let fetched = 0
    fetcher.fetched$.subscribe(() => (fetched += 1))
    expect([read('fetch-total'), read('fetch-latency-avg')]).toEqual([0, NaN])
    fetcher.assign(new TopicPartition('t', 0), 0)
    fetcher.request(new TopicPartition('t', 0))
    await until(() => fetched === 1)
    expect([read('fetch-total'), read('fetch-size-avg'), read('fetch-throttle-time-max')]).toEqual([1, batch.length, 0])
    expect(read('fetch-latency-max')).toBeGreaterThanOrEqual(0)
    expect(read('fetch-latency-max')).toBe(read('fetch-latency-avg'))
    fetcher.close()
  })
})
