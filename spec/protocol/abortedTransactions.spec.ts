import { describe, expect, it } from '@jest/globals'
import { AbortedTransactions } from '../../lib/protocol/abortedTransactions.js'

describe('AbortedTransactions', () => {
  it('should hold nothing when nothing was aborted', () => {
    const aborted = new AbortedTransactions([])
    aborted.openUpTo(0)
    expect(aborted.isEmpty).toBe(true)
    expect(aborted.includes(1n)).toBe(false)
  })

  it('should open every transaction that began before the end of the batch, in whatever order they are listed', () => {
    const aborted = new AbortedTransactions([
      { producerId: 2n, firstOffset: 20 },
      { producerId: 1n, firstOffset: 10 },
      { producerId: 3n, firstOffset: 31 },
    ])
    aborted.openUpTo(30)
    expect([1n, 2n, 3n].map((producerId) => aborted.includes(producerId))).toEqual([true, true, false])
    aborted.openUpTo(31)
    expect(aborted.includes(3n)).toBe(true)
  })

  it('should keep apart two transactions of one producer', () => {
    const aborted = new AbortedTransactions([
      { producerId: 1n, firstOffset: 30 },
      { producerId: 1n, firstOffset: 10 },
    ])
    aborted.openUpTo(10)
    expect(aborted.includes(1n)).toBe(true)
    aborted.openUpTo(15)
    aborted.close(1n)
    aborted.openUpTo(20)
    expect(aborted.includes(1n)).toBe(false)
    expect(aborted.isEmpty).toBe(false)
    aborted.openUpTo(30)
    expect(aborted.includes(1n)).toBe(true)
    aborted.close(1n)
    expect(aborted.isEmpty).toBe(true)
  })

  it('should close a transaction of which only the marker was fetched', () => {
    const aborted = new AbortedTransactions([{ producerId: 1n, firstOffset: 10 }])
    aborted.openUpTo(15)
    aborted.close(1n)
    expect(aborted.isEmpty).toBe(true)
  })
})
