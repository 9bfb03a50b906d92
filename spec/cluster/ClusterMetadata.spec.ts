import { describe, expect, it } from '@jest/globals'
import { ClusterMetadata } from '../../lib/cluster/ClusterMetadata.js'
import type { TopicMetadata } from '../../lib/protocol/requests/metadata.js'

const brokers = [1, 2].map((nodeId) => ({ nodeId, host: 'h', port: 9000 + nodeId, rack: null }))

/** leaders with their epochs, by partition */
const topic = (
  name: string,
  ...leaders: readonly (readonly [leader: number, leaderEpoch: number])[]
): TopicMetadata => ({
  errorCode: 0,
  topic: name,
  internal: false,
  partitions: leaders.map(([leader, leaderEpoch], partition) => ({
    ...{ errorCode: 0, partition, leader, leaderEpoch },
    ...{ replicas: [], inSyncReplicas: [], offlineReplicas: [] },
  })),
})

const known = (...topics: TopicMetadata[]): ClusterMetadata =>
  ClusterMetadata.empty.with({ brokers, controllerId: 1, topics })

describe('ClusterMetadata', () => {
  it('should tell who leads a partition, and since when', () => {
    const metadata = known(topic('t', [1, 4], [2, 0]))

    expect(metadata.leaderOf({ topic: 't', partition: 1 })).toEqual({ nodeId: 2, leaderEpoch: 0 })
    expect(metadata.partitionCount('t')).toBe(2)
  })

  it('should name no leader where there is none, or none that is in the cluster', () => {
    const metadata = known(topic('t', [-1, 4], [7, 0]))

    expect([0, 1, 2].map((partition) => metadata.leaderOf({ topic: 't', partition }))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(metadata.leaderOf({ topic: 'other', partition: 0 })).toBeUndefined()
  })

  it('should find partitions by number, in whatever order they are told', () => {
    const { partitions, ...rest } = topic('t', [1, 0], [2, 0])

    expect(
      known({ ...rest, partitions: [...partitions].reverse() }).leaderOf({ topic: 't', partition: 0 })?.nodeId,
    ).toBe(1)
  })

  it('should keep what it knows of topics that were not asked about', () => {
    const metadata = known(topic('t', [1, 0])).with({ brokers, controllerId: 1, topics: [topic('u', [2, 0])] })

    expect(metadata.partitionCount('t')).toBe(1)
    expect(metadata.partitionCount('u')).toBe(1)
  })

  it('should forget a topic that is gone', () => {
    const metadata = known(topic('t', [1, 0])).with({
      brokers,
      controllerId: 1,
      topics: [{ ...topic('t'), errorCode: 3 }],
    })

    expect(metadata.partitionCount('t')).toBeUndefined()
  })

  it('should tell why a partition has no leader', () => {
    const told = (errorCode: number, name = 'u') => ({ ...topic(name), errorCode })
    const metadata = known(topic('t', [-1, 0]), told(29), told(3, 'v'))
    const codes = (of: ClusterMetadata) =>
      [
        { topic: 't', partition: 0 },
        { topic: 't', partition: 1 },
        { topic: 'u', partition: 0 },
        { topic: 'v', partition: 0 },
        { topic: 'never asked', partition: 0 },
      ].map((partition) => of.refusalOf(partition))

    expect(codes(metadata)).toEqual([0, 3, 29, 3, 0])
    const later = metadata.with({ brokers, controllerId: 1, topics: [told(3, 't'), topic('u', [1, 0])] })
    expect(codes(later)).toEqual([3, 3, 0, 3, 0])
    expect(codes(later.without('t'))).toEqual([3, 3, 0, 3, 0])
  })

  it('should not go back to a former leader that a lagging broker tells of', () => {
    const before = known(topic('t', [2, 5]))
    const told = (leader: number, leaderEpoch: number) =>
      before
        .with({ brokers, controllerId: 1, topics: [topic('t', [leader, leaderEpoch])] })
        .leaderOf({ topic: 't', partition: 0 })

    expect(told(1, 4)).toEqual({ nodeId: 2, leaderEpoch: 5 })
    expect(told(1, 6)).toEqual({ nodeId: 1, leaderEpoch: 6 })
    expect(told(1, -1)).toEqual({ nodeId: 1, leaderEpoch: -1 })
  })
})
