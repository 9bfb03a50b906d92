import { describe, expect, it } from '@jest/globals'
import { type FetchVerdict, fetchVerdict } from '../../../lib/cluster/fetcher/fetchVerdict.js'

describe('fetchVerdict', () => {
  it.each<[FetchVerdict, number, string]>([
    ['fetched', 0, 'NONE'],
    ['fail', 1, 'OFFSET_OUT_OF_RANGE'],
    ['fail', 2, 'CORRUPT_MESSAGE'],
    ['refresh', 3, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['refresh', 5, 'LEADER_NOT_AVAILABLE'],
    ['refresh', 6, 'NOT_LEADER_OR_FOLLOWER'],
    ['refresh', 9, 'REPLICA_NOT_AVAILABLE'],
    ['fail', 29, 'TOPIC_AUTHORIZATION_FAILED'],
    ['refresh', 56, 'KAFKA_STORAGE_ERROR'],
    ['retry', 70, 'FETCH_SESSION_ID_NOT_FOUND'],
    ['refresh', 74, 'FENCED_LEADER_EPOCH'],
    ['retry', 75, 'UNKNOWN_LEADER_EPOCH'],
    ['fail', 76, 'UNSUPPORTED_COMPRESSION_TYPE'],
    ['retry', 78, 'OFFSET_NOT_AVAILABLE'],
    ['refresh', -1, 'UNKNOWN_SERVER_ERROR'],
    ['fail', 9999, 'a code of the future'],
  ])('should say %s to %i (%s)', (verdict, code, _name) => {
    expect(fetchVerdict(code)).toBe(verdict)
  })
})
