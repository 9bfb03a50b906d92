import { describe, expect, it } from '@jest/globals'
import { isTransient } from '../../lib/client/isTransient.js'
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
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'attempt', 'Broker'],
    [47, 'INVALID_PRODUCER_EPOCH', 'attempt', 'Fenced'],
    [48, 'INVALID_TXN_STATE', 'attempt', 'TransactionLost'],
    [51, 'CONCURRENT_TRANSACTIONS', 'yes', 'Broker'],
    [74, 'FENCED_LEADER_EPOCH', 'metadata', 'Broker'],
    [90, 'PRODUCER_FENCED', 'attempt', 'Fenced'],
    [120, 'TRANSACTION_ABORTABLE', 'attempt', 'TransactionLost'],
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

  describe('by what helps', () => {
    const transactionalId = 'copy-0-1'

    it('should be retriable and not fatal when the same request may pass', () => {
      expect(brokerError(51, { api: 'EndTxn', transactionalId })).toMatchObject({ fatal: false, retriable: true })
    })

    it.each([45, 47, 48, 49, 59, 90, 120])(
      'should be retriable and fatal when a new producer may write again what was being written: %i',
      (code) => {
        for (const api of ['Produce', 'AddPartitionsToTxn', 'InitProducerId']) {
          const error = brokerError(code, { api, transactionalId })
          expect(error).toMatchObject({ fatal: true, retriable: true, transactionalId })
          expect(isTransient(error)).toBe(false)
        }
      },
    )

    it.each([47, 48, 49, 90])('should be final when the transaction was to be committed: %i', (code) => {
      const lost = { _tag: 'TransactionLost', fatal: true, retriable: false, code, transactionalId }
      expect(brokerError(code, { api: 'EndTxn', transactionalId })).toMatchObject(lost)
    })
  })
})

describe('the error of a right that lacks', () => {
  const ada = { principal: 'User:ada' }

  it.each([
    [
      29,
      { api: 'AddPartitionsToTxn', topic: 'out', partition: 3, transactionalId: 'copy-0-1' },
      'Write on Topic out',
      '--topic out',
    ],
    [29, { api: 'Produce', topic: 'out', partition: 0 }, 'Write on Topic out', '--topic out'],
    [29, { api: 'Fetch', topic: 'in', partition: 0 }, 'Read on Topic in', '--topic in'],
    [29, { api: 'Metadata', topic: 'in' }, 'Describe on Topic in', '--topic in'],
    [29, { api: 'CreateTopics', topic: 'new' }, 'Create on Topic new', '--topic new'],
    [30, { api: 'OffsetCommit', groupId: 'g', topic: 'in', partition: 0 }, 'Read on Group g', '--group g'],
    [30, { api: 'FindCoordinator', groupId: 'g' }, 'Describe on Group g', '--group g'],
    [31, { api: 'CreateTopics' }, 'Create on Cluster', '--cluster'],
    [
      53,
      { api: 'InitProducerId', transactionalId: 'copy-0-1' },
      'Write on TransactionalId copy-0-1',
      '--transactional-id copy-0-1',
    ],
    [53, { api: 'FindCoordinator', transactionalId: 'x' }, 'Describe on TransactionalId x', '--transactional-id x'],
  ])('should name resource, operation and principal: %p %p', (code, context, right, option) => {
    const operation = right.split(' ')[0]
    const implied = operation === 'Describe' ? ', which Read and Write imply' : ''
    const { message, retriable, _tag } = brokerError(code, { ...context, ...ada })
    expect(message).toContain(
      `. User:ada lacks ${right}${implied}. Grant it: kafka-acls.sh --add --allow-principal User:ada --operation ${operation} ${option}.`,
    )
    expect({ retriable, _tag }).toEqual({ retriable: false, _tag: 'Authorization' })
  })

  it('should name the partition that was refused', () => {
    expect(brokerError(29, { api: 'AddPartitionsToTxn', topic: 'out', partition: 3, ...ada }).message).toMatch(
      /^AddPartitionsToTxn of out-3: the broker answered TOPIC_AUTHORIZATION_FAILED \(29\)\. /,
    )
  })

  it('should know that idempotence needs a right to write, and what it was called before', () => {
    expect(brokerError(31, { api: 'InitProducerId', ...ada }).message).toMatch(
      /User:ada may write to no topic: .*since Kafka 2\.8.*IdempotentWrite.*enable\.idempotence=false/,
    )
  })

  it('should do without a principal that only the broker knows', () => {
    expect(brokerError(29, { api: 'Fetch', topic: 'in' }).message).toMatch(
      /The principal of this client lacks Read on Topic in\. Grant it: .*--allow-principal <principal>/,
    )
  })
})
