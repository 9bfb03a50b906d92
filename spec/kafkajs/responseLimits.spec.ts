import { describe, expect, it } from '@jest/globals'
import { maxControlResponseBytes, maxFetchResponseBytes } from '../../lib/kafkajs/responseLimits.js'

const MiB = 1 << 20

describe('the most bytes of an answer', () => {
  it('should be 16 MiB, or receive.message.max.bytes', () => {
    expect(maxControlResponseBytes({})).toBe(16 * MiB)
    expect(maxControlResponseBytes({ maxResponseBytes: 5_000 })).toBe(5_000)
  })

  it('should be room for fetch.max.bytes and for one large batch, of a fetch', () => {
    expect(maxFetchResponseBytes({}, { maxBytes: 50 * MiB })).toBe(100_000_000 + MiB)
    expect(maxFetchResponseBytes({}, { maxBytes: 500 * MiB })).toBe(501 * MiB)
    expect(maxFetchResponseBytes({ maxResponseBytes: 5_000 }, { maxBytes: MiB })).toBe(2 * MiB)
    expect(maxFetchResponseBytes({ maxResponseBytes: 300 * MiB }, { maxBytes: MiB })).toBe(301 * MiB)
  })
})
