import { describe, expect, it } from '@jest/globals'
import { AbortedTransactions } from '../../lib/protocol/abortedTransactions.js'

describe('AbortedTransactions', () => {
  it('should hold nothing when nothing was aborted', () => {
    const aborted = new AbortedTransactions([])
    expect(aborted.isEmpty).toBe(true)
    expect(aborted.includes(1n, 0)).toBe(false)
  })

  it('should open every transaction that began at or before the batch, in whatever order they are listed', () => {
    const aborted = new AbortedTransactions([
      { producerId: 2n, firstOffset: 20 },
      { producerId: 1n, firstOffset: 10 },
      { producerId: 3n, firstOffset: 31 },
    ])
    expect(aborted.includes(3n, 30)).toBe(false)
    expect(aborted.includes(1n, 30)).toBe(true)
    expect(aborted.includes(2n, 30)).toBe(true)
    expect(aborted.includes(3n, 31)).toBe(true)
  })

  it('should keep apart two transactions of one producer', () => {
    const aborted = new AbortedTransactions([
      { producerId: 1n, firstOffset: 30 },
      { producerId: 1n, firstOffset: 10 },
    ])
    expect(aborted.includes(1n, 10)).toBe(true)
    aborted.close(1n, 15)
    expect(aborted.includes(1n, 20)).toBe(false)
    expect(aborted.isEmpty).toBe(false)
    expect(aborted.includes(1n, 30)).toBe(true)
    aborted.close(1n, 35)
    expect(aborted.isEmpty).toBe(true)
  })

  it('should close a transaction of which only the marker was fetched', () => {
    const aborted = new AbortedTransactions([{ producerId: 1n, firstOffset: 10 }])
    aborted.close(1n, 15)
    expect(aborted.isEmpty).toBe(true)
  })
})
