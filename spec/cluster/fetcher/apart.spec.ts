import { describe, expect, it } from '@jest/globals'
import { apart } from '../../../lib/cluster/fetcher/apart.js'

describe('apart', () => {
  const fetch = Buffer.from(new ArrayBuffer(1_000_000))

  it('should copy a small part of a fetch, which holds nothing else then', () => {
    const records = fetch.subarray(500_000, 600_000).fill('a')
    const copy = apart(records)
    expect(copy.equals(records)).toBe(true)
    expect(copy.buffer.byteLength).toBe(100_000)
  })

  it('should leave a large part where it is', () => {
    const records = fetch.subarray(0, 125_000)
    expect(apart(records)).toBe(records)
  })
})
