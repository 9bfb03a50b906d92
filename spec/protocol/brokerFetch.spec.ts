import { describe, expect, it } from '@jest/globals'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { fetchByNameApi } from '../../lib/protocol/requests/fetchByName.js'
import { brokerFetch } from './fixtures/brokerFetch.js'

describe('a fetch captured from a broker', () => {
  const response = fetchByNameApi.decode(brokerFetch).partitions[0]!

  it('should give the committed records and end behind the last marker', () => {
    const partition = decodeRecordBatches(response, 0, { isolationLevel: 'read_committed', checkCrcs: true })
    expect(partition.take(100).map(({ offset, key, value }) => `${offset}:${String(key)}:${String(value)}`)).toEqual([
      '0:k:v0-true',
      '1:null:w0-true',
      '2:k:v2-true',
      '3:null:w2-true',
      '10:k:v8-true',
      '11:null:w8-true',
      '12:k:v10-true',
      '13:null:w10-true',
    ])
    expect(partition).toMatchObject({ position: 15, exhausted: true, highWatermark: 15, lastStableOffset: 15 })
  })

  it('should give the aborted records too when they are asked for', () => {
    const partition = decodeRecordBatches(response, 0, { isolationLevel: 'read_uncommitted', checkCrcs: true })
    expect(partition.take(100).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13])
  })
})
