import { describe, expect, it } from '@jest/globals'
import { partitionShare } from '../../../lib/cluster/fetcher/partitionShare.js'

const MiB = 1024 * 1024
const config = { maxBytes: 50 * MiB, maxPartitionBytes: MiB }

describe('partitionShare', () => {
  it.each([
    [1, MiB],
    [50, MiB],
    [51, Math.floor((50 * MiB) / 51)],
    [1000, 52_428],
    [100_000_000, 1],
  ])('should give each of %d partitions %d bytes', (partitions, bytes) => {
    expect(partitionShare(config, partitions)).toBe(bytes)
  })
})
