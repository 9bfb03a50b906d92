import { describe, expect, it } from '@jest/globals'
import { checkTransactionTimeout } from '../../lib/sink/transaction/checkTransactionTimeout.js'

const checkpointing = { interval: 1_000, timeout: 9_000 }

/** What is said of a `transaction.timeout.ms`, with this maximum of the brokers. */
const said = (timeoutMs: number, maximum?: number): string => {
  const { error, warning } = checkTransactionTimeout(timeoutMs, maximum, checkpointing)
  return error?._tag ?? (warning === undefined ? 'nothing' : 'a warning')
}

describe('checkTransactionTimeout', () => {
  it('should refuse more than the brokers allow, and no less', () => {
    expect([said(60_001, 60_000), said(60_000, 60_000)]).toEqual(['Config', 'nothing'])
    expect(said(600_000)).toBe('nothing')
  })

  it('should warn unless it is longer than two barriers can be apart', () => {
    expect([said(9_999), said(10_000), said(10_001)]).toEqual(['a warning', 'a warning', 'nothing'])
    expect(checkTransactionTimeout(10_000, undefined, checkpointing).warning).toContain('may take 10000 ms')
  })
})
