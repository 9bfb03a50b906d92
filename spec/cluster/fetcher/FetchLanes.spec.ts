import { describe, expect, it } from '@jest/globals'
import { TopicPartition } from '../../../lib/client/TopicPartition.js'
import { FetchLanes, type InFlightFetch } from '../../../lib/cluster/fetcher/FetchLanes.js'
import { PartitionFetch } from '../../../lib/cluster/fetcher/PartitionFetch.js'

const partitions = [0, 1].map((partition) => new PartitionFetch(new TopicPartition('t', partition), 0))
const fetch = (fetch: Partial<InFlightFetch> = {}): InFlightFetch => ({
  ...{ nodeId: 1, lane: 'fetch xa', immediate: false, partitions: new Map(), ...fetch },
})

describe('FetchLanes', () => {
  it('should be two connections to each broker where requests are answered in turn, with one fetch on each', () => {
    const lanes = new FetchLanes('x', true)
    expect(lanes.fetchesOf(partitions)).toEqual([partitions])
    expect(lanes.freeAt(1)).toEqual({ lane: 'fetch xa', others: 1 })
    const first = fetch()
    lanes.begin(first)
    expect(lanes.freeAt(1)).toEqual({ lane: 'fetch xb', others: 0 })
    expect(lanes.freeAt(2)).toEqual({ lane: 'fetch xa', others: 1 })
    lanes.begin(fetch({ lane: 'fetch xb' }))
    expect(lanes.freeAt(1)).toBeUndefined()
    lanes.end(first)
    expect(lanes.freeAt(1)).toEqual({ lane: 'fetch xa', others: 0 })
  })

  it('should wait for a fetch that comes back at once', () => {
    const lanes = new FetchLanes('x', true)
    lanes.begin(fetch({ immediate: true }))
    expect(lanes.freeAt(1)).toBeUndefined()
  })

  it('should let each partition travel by itself, and never wait, where no request is held up', () => {
    const lanes = new FetchLanes('x', false)
    expect(lanes.fetchesOf(partitions)).toEqual(partitions.map((partition) => [partition]))
    for (let i = 0; i < 3; i++) {
      const free = lanes.freeAt(1)
      expect(free).toMatchObject({ lane: 'fetch x' })
      lanes.begin(fetch({ lane: 'fetch x', immediate: true }))
    }
    expect(lanes.all).toEqual(['fetch x'])
  })

  it('should count the rounds that bring nothing, by broker', () => {
    const lanes = new FetchLanes('x', true)
    for (const brought of [false, false]) lanes.countRound(fetch(), brought)
    lanes.countRound(fetch({ nodeId: 2 }), false)
    expect([1, 2, 3].map((nodeId) => lanes.quietRoundsAt(nodeId))).toEqual([2, 1, 0])
    lanes.countRound(fetch(), true)
    expect(lanes.quietRoundsAt(1)).toBe(0)
  })
})
