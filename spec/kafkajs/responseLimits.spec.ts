import { describe, expect, it } from '@jest/globals'
import { maxControlResponseBytes } from '../../lib/kafkajs/responseLimits.js'

const MiB = 1 << 20

describe('the most bytes of an answer', () => {
  it('should be 16 MiB, or receive.message.max.bytes', () => {
    expect(maxControlResponseBytes({})).toBe(16 * MiB)
    expect(maxControlResponseBytes({ maxResponseBytes: 5_000 })).toBe(5_000)
  })
})
