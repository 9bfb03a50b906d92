import { describe, expect, it } from '@jest/globals'
import { ReconnectBackoff, type ReconnectConfig } from '../../lib/cluster/ReconnectBackoff.js'

const config: ReconnectConfig = {
  connectionTimeoutMs: 10_000,
  connectionTimeoutMaxMs: 30_000,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1000,
}

const afterFailures = (
  count: number,
  { random = 0.5, ...overrides }: Partial<ReconnectConfig> & { random?: number } = {},
) => {
  const backoff = new ReconnectBackoff({ ...config, ...overrides }, () => random)
  for (let i = 0; i < count; i++) backoff.failed(0)
  return backoff
}

describe('ReconnectBackoff', () => {
  it('should let the first attempt go at once', () => {
    expect(afterFailures(0).waitMs(0)).toBe(0)
  })

  it.each([
    [1, 50],
    [2, 100],
    [3, 200],
    [5, 800],
    [6, 1000],
    [60, 1000],
  ])('should wait after failure %i for %i ms', (failures, ms) => {
    expect(afterFailures(failures).waitMs(0)).toBe(ms)
    expect(afterFailures(failures).waitMs(ms - 1)).toBe(1)
    expect(afterFailures(failures).waitMs(ms + 1)).toBe(0)
  })

  it('should keep clients that failed together 20 % apart', () => {
    expect(afterFailures(2, { random: 0 }).waitMs(0)).toBe(80)
    expect(afterFailures(2, { random: 0.999999 }).waitMs(0)).toBeCloseTo(120, 2)
  })

  it('should give each attempt more time than the one before, up to the maximum (KIP-601)', () => {
    expect([0, 1, 2, 3].map((failures) => afterFailures(failures).setupTimeoutMs)).toEqual([
      10_000, 20_000, 30_000, 30_000,
    ])
  })

  it('should never give a later attempt less time, whatever the maximum is by default', () => {
    const { connectionTimeoutMaxMs: _, ...withoutMaximum } = config
    const backoff = new ReconnectBackoff({ ...withoutMaximum, connectionTimeoutMs: 60_000 }, () => 0.5)
    backoff.failed(0)

    expect(backoff.setupTimeoutMs).toBe(60_000)
  })

  it('should begin anew after a connection that works', () => {
    const backoff = afterFailures(5)
    backoff.succeeded()
    backoff.failed(0)

    expect(backoff.waitMs(0)).toBe(50)
  })
})
