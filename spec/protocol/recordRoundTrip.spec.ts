import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Headers } from '../../lib/client/Headers.js'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { noHeaders } from '../../lib/client/Headers.js'
import { RecordBatch } from '../../lib/protocol/RecordBatch.js'
import { recordSizeUpperBound, RecordBatchBuilder } from '../../lib/protocol/RecordBatchBuilder.js'
import { type RecordToEncode, encodeRecordBatch } from '../../lib/protocol/encodeRecordBatch.js'
import { sealRecordBatch } from '../../lib/protocol/sealRecordBatch.js'
import { batchAt, fetched } from '../support/encodedBatches.js'

const bytes = fc.option(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 300 })))
const headers: fc.Arbitrary<Headers> = fc.array(
  fc.record({ key: fc.constantFrom('a', 'é', ''), value: fc.option(fc.uint8Array({ maxLength: 200 })) }),
)
const timestamp = fc.oneof(
  fc.constant(-1),
  fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  fc.nat(1000),
)
const record: fc.Arbitrary<Required<RecordToEncode>> = fc.record({ key: bytes, value: bytes, headers, timestamp })

const asBytes = (value: Uint8Array | string | null): Buffer | null =>
  value === null ? null : Buffer.from(value as string)

const decoded = (batch: Buffer, from = 0) =>
  decodeRecordBatches(fetched(batch), from, { isolationLevel: 'read_committed', checkCrcs: true })
    .take(10_000)
    .map(({ offset, key, value, headers, timestamp }) => ({ offset, key, value, headers, timestamp }))

describe('a record', () => {
  it('should come back as it was written, compressed or not', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 100 }),
        fc.boolean(),
        fc.nat(1e9),
        (records, zip, base) => {
          const batch = batchAt(base, { records, compression: zip ? 'gzip' : 'none' })
          expect(decoded(batch)).toEqual(
            records.map(({ key, value, headers, timestamp }, i) => ({
              offset: base + i,
              key: asBytes(key),
              value: asBytes(value),
              headers: headers.map((header) => ({ key: header.key, value: asBytes(header.value) })),
              timestamp,
            })),
          )
        },
      ),
    )
  })

  it('should fit into its upper bound', () => {
    fc.assert(
      fc.property(record, ({ key, value, headers, timestamp }) => {
        const size = encodeRecordBatch({ records: [{ key, value, headers, timestamp }] }).length
        expect(recordSizeUpperBound(key, value, headers)).toBeGreaterThanOrEqual(size)
      }),
    )
  })

  it('should keep its place among 200,000 of a batch', () => {
    const records = Array.from({ length: 200_000 }, (_, i) => ({ value: String(i) }))
    const all = decodeRecordBatches(fetched(encodeRecordBatch({ records })), 0, {
      isolationLevel: 'read_committed',
      checkCrcs: true,
    }).take(Infinity)
    expect(all).toHaveLength(200_000)
    expect(all.every((read, i) => read.offset === i && read.value?.toString() === String(i))).toBe(true)
  })
})

describe('RecordBatchBuilder', () => {
  it('should refuse the record that would pass the limit, and say exactly how large it is', () => {
    const builder = new RecordBatchBuilder(200)
    let taken = 0
    while (builder.append(null, 'x'.repeat(20), noHeaders, 0)) taken++
    expect(taken).toBe(5)
    expect(builder.count).toBe(5)
    expect(builder.size).toBe(builder.build().length)
    expect(builder.size).toBeLessThanOrEqual(200)
  })

  it('should take one record larger than the limit alone', () => {
    const builder = new RecordBatchBuilder(100)
    expect(builder.append('k', 'x'.repeat(1000), noHeaders, 0)).toBe(true)
    expect(builder.append('k', 'x', noHeaders, 0)).toBe(false)
    expect(decoded(builder.build())[0]?.value?.length).toBe(1000)
  })

  it('should be used again after reset', () => {
    const builder = new RecordBatchBuilder(1000)
    builder.append('old', 'old', noHeaders, 5_000_000_000_000)
    builder.build()
    builder.reset()
    builder.append(null, 'new', noHeaders, 7)
    expect(decoded(builder.build())).toEqual([
      { offset: 0, key: null, value: Buffer.from('new'), headers: [], timestamp: 7 },
    ])
  })

  it('should cut off parts of a millisecond', () => {
    const records = [0.25, 7.75].map((time) => ({ value: '', timestamp: 1_700_000_000_000 + time }))
    expect(decoded(encodeRecordBatch({ records })).map(({ timestamp }) => timestamp)).toEqual([
      1_700_000_000_000, 1_700_000_000_007,
    ])
  })

  it('should write the largest timestamp of its records into the header', () => {
    const batch = new RecordBatch(
      encodeRecordBatch({ records: [5, 9, 3].map((timestamp) => ({ value: '', timestamp })) }),
      0,
    )
    expect(batch).toMatchObject({ baseTimestamp: 5, maxTimestamp: 9, count: 3, lastOffsetDelta: 2, leaderEpoch: -1 })
  })
})

describe('sealRecordBatch', () => {
  it('should change the producer of a batch in place, any number of times, and nothing else', () => {
    const batch = encodeRecordBatch({ records: [{ value: 'a', timestamp: 1 }], compression: 'gzip' })
    const records = decoded(batch)
    expect(new RecordBatch(batch, 0)).toMatchObject({ producerId: -1n, producerEpoch: -1, baseSequence: -1 })

    const first = { producerId: 2n ** 40n, producerEpoch: 3, baseSequence: 0x7fffffff, transactional: true }
    expect(sealRecordBatch(batch, first)).toBe(batch)
    expect(new RecordBatch(batch, 0)).toMatchObject({
      ...withoutFlag(first),
      isTransactional: true,
      compression: 'gzip',
    })
    expect(decoded(batch)).toEqual(records)

    const second = { producerId: 9n, producerEpoch: 0, baseSequence: 0, transactional: false }
    sealRecordBatch(batch, second)
    expect(new RecordBatch(batch, 0)).toMatchObject({
      ...withoutFlag(second),
      isTransactional: false,
      compression: 'gzip',
    })
    expect(decoded(batch)).toEqual(records)
  })
})

const withoutFlag = ({ transactional: _, ...producer }: { transactional: boolean }) => producer
