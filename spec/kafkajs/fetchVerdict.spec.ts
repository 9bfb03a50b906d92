import { describe, expect, it } from '@jest/globals'
import { fetchVerdict } from '../../lib/kafkajs/fetchVerdict.js'

describe('fetchVerdict', () => {
  it.each([
    [0, 'NONE', 'fetched'],
    [1, 'OFFSET_OUT_OF_RANGE', 'fail'],
    [2, 'CORRUPT_MESSAGE', 'fail'],
    [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'refresh'],
    [5, 'LEADER_NOT_AVAILABLE', 'refresh'],
    [6, 'NOT_LEADER_OR_FOLLOWER', 'refresh'],
    [9, 'REPLICA_NOT_AVAILABLE', 'refresh'],
    [29, 'TOPIC_AUTHORIZATION_FAILED', 'fail'],
    [56, 'KAFKA_STORAGE_ERROR', 'refresh'],
    [70, 'FETCH_SESSION_ID_NOT_FOUND', 'retry'],
    [74, 'FENCED_LEADER_EPOCH', 'refresh'],
    [75, 'UNKNOWN_LEADER_EPOCH', 'retry'],
    [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'fail'],
    [78, 'OFFSET_NOT_AVAILABLE', 'retry'],
    [-1, 'UNKNOWN_SERVER_ERROR', 'refresh'],
    [9999, 'a code of the future', 'fail'],
  ] as const)('should take %i (%s) as: %3$s', (code, _, verdict) => {
    expect(fetchVerdict(code)).toBe(verdict)
  })
})
