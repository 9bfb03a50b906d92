import { describe, expect, it } from '@jest/globals'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { encodeRecordBatch } from '../../lib/protocol/encodeRecordBatch.js'
import { LEADER_EPOCH_AT, RecordBatch } from '../../lib/protocol/RecordBatch.js'
import { sealRecordBatch } from '../../lib/protocol/sealRecordBatch.js'
import { fetched } from '../support/encodedBatches.js'
import { javaBatches } from './fixtures/javaBatches.js'

const start = 1_700_000_000_000
const abc = Buffer.from('abc')
const records = [
  { key: 'k1', value: 'hello', headers: [], timestamp: start },
  { key: null, value: 'été', headers: [], timestamp: start + 5 },
  {
    key: 'k2',
    value: null,
    headers: [
      { key: 'trace', value: abc },
      { key: 'trace', value: null },
      { key: '', value: Buffer.alloc(0) },
    ],
    timestamp: start - 1000,
  },
  { key: '', value: '', headers: [], timestamp: start + 5_000_000_000 },
]

const open = (bytes: Buffer, aborted: readonly { producerId: bigint; firstOffset: number }[] = []) =>
  decodeRecordBatches(fetched(bytes, { abortedTransactions: aborted }), 0, {
    isolationLevel: 'read_committed',
    checkCrcs: true,
  })

const read = (bytes: Buffer) =>
  open(bytes)
    .take(100)
    .map(({ offset, key, value, headers, timestamp, timestampType, leaderEpoch }) => ({
      offset,
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      headers,
      timestamp,
      timestampType,
      leaderEpoch,
    }))

const expected = (leaderEpoch: number) =>
  records.map((record, i) => ({ ...record, offset: 7 + i, timestampType: 'CreateTime', leaderEpoch }))

describe('batches of the Java client', () => {
  it('should be read', () => {
    expect(read(javaBatches.plain)).toEqual(expected(-1))
    expect(read(javaBatches.gzip)).toEqual(expected(-1))
    expect(read(javaBatches.transactional)).toEqual(expected(5))
  })

  it('should show who wrote them', () => {
    const producer = { producerId: 4000n, producerEpoch: 3, baseSequence: 21, leaderEpoch: 5, isTransactional: true }
    expect(new RecordBatch(javaBatches.transactional, 0)).toMatchObject({ ...producer, isControl: false })
    expect(new RecordBatch(javaBatches.abortMarker, 0)).toMatchObject({
      ...producer,
      baseSequence: -1,
      isControl: true,
    })
  })

  it('should be what we write, byte for byte', () => {
    const ours = encodeRecordBatch({ records })
    ours.writeBigInt64BE(7n, 0)
    expect(ours.toString('hex')).toBe(javaBatches.plain.toString('hex'))

    ours.writeInt32BE(5, LEADER_EPOCH_AT)
    sealRecordBatch(ours, { producerId: 4000n, producerEpoch: 3, baseSequence: 21, transactional: true })
    expect(ours.toString('hex')).toBe(javaBatches.transactional.toString('hex'))
  })

  it('should carry the time of append for every record when the topic says so', () => {
    const appended = { timestampType: 'LogAppendTime', timestamp: 1_700_000_009_999 }
    expect(read(javaBatches.logAppendTime)).toMatchObject([
      { ...appended, offset: 7, value: 'v' },
      { ...appended, offset: 8, value: 'w' },
    ])
  })

  it('should end their transaction by abort, not by commit', () => {
    const again = Buffer.from(javaBatches.transactional)
    again.writeBigInt64BE(12n, 0)
    const aborted = [{ producerId: 4000n, firstOffset: 7 }]
    const log = (marker: Buffer) => Buffer.concat([javaBatches.transactional, marker, again])
    expect(
      open(log(javaBatches.abortMarker), aborted)
        .take(100)
        .map(({ offset }) => offset),
    ).toEqual([12, 13, 14, 15])
    expect(open(log(javaBatches.commitMarker), aborted)).toMatchObject({ exhausted: true, position: 16 })
  })

  it('should move the position when compaction left them empty', () => {
    expect(open(javaBatches.empty)).toMatchObject({ exhausted: true, position: 20 })
  })

  it('should be read in message format 1', () => {
    expect(read(javaBatches.messageFormat1)).toMatchObject([{ offset: 7, key: 'k', value: 'v', timestamp: 1 }])
  })
})
