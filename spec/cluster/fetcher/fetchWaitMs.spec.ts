import { describe, expect, it } from '@jest/globals'
import { fetchWaitMs } from '../../../lib/cluster/fetcher/fetchWaitMs.js'

const situation = { immediate: false, freeLanes: 0, uncovered: 1, quietRounds: 0, maxWaitMs: 500 }

describe('fetchWaitMs', () => {
  it('should wait long while another connection is free', () => {
    expect(fetchWaitMs({ ...situation, freeLanes: 1 })).toBe(500)
  })

  it('should wait long when nobody is left who could ask', () => {
    expect(fetchWaitMs({ ...situation, uncovered: 0 })).toBe(500)
  })

  it('should wait shortly otherwise, and twice as long each time while nothing comes', () => {
    const waits = [0, 1, 2, 8, 9, 1000].map((quietRounds) => fetchWaitMs({ ...situation, quietRounds }))

    expect(waits).toEqual([1, 2, 4, 256, 500, 500])
  })

  it('should not wait where data is known to be', () => {
    expect(fetchWaitMs({ ...situation, freeLanes: 1, uncovered: 0, immediate: true })).toBe(0)
  })
})
