import { describe, expect, it } from '@jest/globals'
import { brokerError } from '../../lib/protocol/brokerError.js'
import { errorCode } from '../../lib/protocol/errorCodes.js'

describe('errorCode', () => {
  it('should know every code of Kafka 4.2', () => {
    const codes = Array.from({ length: 135 }, (_, i) => i - 1)
    expect(codes.map(errorCode).filter(({ name }) => name.startsWith('UNKNOWN_ERROR_CODE'))).toEqual([])
    expect(new Set(codes.map((code) => errorCode(code).name)).size).toBe(135)
  })

  it('should not retry what it does not know', () => {
    expect(errorCode(9999)).toEqual({ code: 9999, name: 'UNKNOWN_ERROR_CODE_9999', retry: 'no', tag: 'Broker' })
  })

  it.each([
    [1, 'OFFSET_OUT_OF_RANGE', 'no', 'OffsetOutOfRange'],
    [6, 'NOT_LEADER_OR_FOLLOWER', 'metadata', 'Broker'],
    [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'yes', 'Broker'],
    [16, 'NOT_COORDINATOR', 'coordinator', 'Broker'],
    [29, 'TOPIC_AUTHORIZATION_FAILED', 'no', 'Authorization'],
    [47, 'INVALID_PRODUCER_EPOCH', 'no', 'Fenced'],
    [48, 'INVALID_TXN_STATE', 'no', 'TransactionLost'],
    [51, 'CONCURRENT_TRANSACTIONS', 'yes', 'Broker'],
    [74, 'FENCED_LEADER_EPOCH', 'metadata', 'Broker'],
    [90, 'PRODUCER_FENCED', 'no', 'Fenced'],
    [120, 'TRANSACTION_ABORTABLE', 'no', 'TransactionLost'],
  ])('should say of %i that it is %s, retry %s, %s', (code, name, retry, tag) => {
    expect(errorCode(code)).toEqual({ code, name, retry, tag })
  })
})

describe('brokerError', () => {
  it('should say what happened, what it means and what to do, and carry the facts', () => {
    const error = brokerError(1, { api: 'Fetch', topic: 'orders', partition: 3, offset: 42 })
    expect(error.message).toMatch(
      /^Fetch of orders-3 at offset 42: the broker answered OFFSET_OUT_OF_RANGE \(1\)\. .*retention/,
    )
    expect(error).toMatchObject({ api: 'Fetch', topic: 'orders', partition: 3, offset: 42, code: 1, retriable: false })
  })

  it('should quote what the broker said', () => {
    const error = brokerError(87, { api: 'Produce', topic: 'orders', detail: 'Compacted topic.' })
    expect(error.message).toContain('Produce of orders: the broker answered INVALID_RECORD (87), "Compacted topic". ')
  })

  it('should tell a fenced producer from a request that may be retried', () => {
    expect(brokerError(90, { api: 'EndTxn', transactionalId: 'copy-0-1' })).toMatchObject({
      fatal: true,
      retriable: false,
    })
    expect(brokerError(51, { api: 'EndTxn', transactionalId: 'copy-0-1' })).toMatchObject({
      fatal: false,
      retriable: true,
    })
  })
})
