import { beforeEach, describe, expect, it } from '@jest/globals'
import { SampledStat } from '../../lib/metrics/SampledStat.js'

describe('SampledStat', () => {
  let seconds = 0
  let stat: SampledStat
  beforeEach(() => {
    seconds = 0
    stat = new SampledStat(() => seconds * 1000)
  })

  it('should have no average and no maximum before anything is recorded', () => {
    expect([stat.average, stat.max, stat.rate, stat.frequency]).toEqual([NaN, NaN, 0, 0])
  })

  it('should tell average, maximum and totals', () => {
    for (const value of [1, 2, 6]) stat.record(value)
    expect([stat.average, stat.max, stat.total, stat.count]).toEqual([3, 6, 9, 3])
  })

  it('should make rates over at least one full window', () => {
    stat.record(60)
    stat.record(30)
    expect([stat.rate, stat.frequency]).toEqual([3, 2 / 30])
  })

  it('should make the rate that was recorded from Kafka’s consumer: fetch-rate, fetch-total 10, 4.767 s after the start', () => {
    for (let n = 0; n < 10; n++) stat.record(1)
    seconds = 4.767
    expect(stat.frequency).toBe(0.2876290735467541)
  })

  it('should forget what is older than two windows, but for the totals', () => {
    stat.record(100)
    seconds = 40
    stat.record(10)
    expect([stat.average, stat.max]).toEqual([55, 100])
    seconds = 65
    expect([stat.average, stat.max]).toEqual([10, 10])
    expect(stat.rate).toBeCloseTo(10 / 55, 10)
    seconds = 101
    expect([stat.average, stat.max, stat.rate]).toEqual([NaN, NaN, 0])
    expect([stat.total, stat.count]).toEqual([110, 2])
  })
})
