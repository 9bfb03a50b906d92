import { describe, expect, it } from '@jest/globals'
import { produceVerdict } from '../../../lib/cluster/producer/produceVerdict.js'

describe('produceVerdict', () => {
  it.each([
    [0, 'acknowledged', 'NONE'],
    [46, 'acknowledged', 'DUPLICATE_SEQUENCE_NUMBER'],
    [45, 'outOfOrder', 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    [59, 'unknownProducer', 'UNKNOWN_PRODUCER_ID'],
    [10, 'split', 'MESSAGE_TOO_LARGE'],
    [18, 'split', 'RECORD_LIST_TOO_LARGE'],
    [6, 'refresh', 'NOT_LEADER_OR_FOLLOWER'],
    [3, 'refresh', 'UNKNOWN_TOPIC_OR_PARTITION'],
    [13, 'refresh', 'NETWORK_EXCEPTION'],
    [56, 'refresh', 'KAFKA_STORAGE_ERROR'],
    [2, 'retry', 'CORRUPT_MESSAGE'],
    [7, 'retry', 'REQUEST_TIMED_OUT'],
    [19, 'retry', 'NOT_ENOUGH_REPLICAS'],
    [20, 'retry', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    [29, 'fail', 'TOPIC_AUTHORIZATION_FAILED'],
    [47, 'fail', 'INVALID_PRODUCER_EPOCH'],
    [48, 'fail', 'INVALID_TXN_STATE'],
    [87, 'fail', 'INVALID_RECORD'],
    [90, 'fail', 'PRODUCER_FENCED'],
    [9999, 'fail', 'a code newer than this client'],
  ])('should judge %i as %s: %s', (code, verdict) => {
    expect(produceVerdict(code)).toBe(verdict)
  })
})
