import { createRequire } from 'node:module'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { encodeRecordBatch } from '../../lib/protocol/encodeRecordBatch.js'
import { decodeRecordBatches } from '../../lib/protocol/decodeRecordBatches.js'
import { fetched } from '../support/encodedBatches.js'

// kafkajs has no types for its inside; what is used of it here is this much.
interface KafkaJsRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
}

const load = createRequire(__filename)
const Decoder = load('kafkajs/src/protocol/decoder')
const Long = load('kafkajs/src/utils/long')
const encodeRecord = load('kafkajs/src/protocol/recordBatch/record/v0')
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0')
const decodeBatch: (decoder: unknown) => Promise<{ records: readonly KafkaJsRecord[] }> = load(
  'kafkajs/src/protocol/recordBatch/v0/decoder',
)

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)))
const record = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }),
  header: fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
})
const batches = fc.array(record, { minLength: 1, maxLength: 150 })

describe('kafkajs and we', () => {
  it('should agree on what we write', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.constantFrom('none' as const, 'gzip' as const), async (records, compression) => {
        const encoded = encodeRecordBatch({
          records: records.map(({ header, ...rest }) => ({ ...rest, headers: [{ key: 'h', value: header }] })),
          compression,
        })
        const { records: decoded } = await decodeBatch(new Decoder(encoded))
        expect(
          decoded.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key, value, headers })),
        ).toEqual(
          records.map(({ key, value, timestamp, header }, i) => ({
            offset: String(i),
            timestamp: String(timestamp),
            key,
            value,
            headers: { h: header },
          })),
        )
      }),
      { numRuns: 50 },
    )
  })

  it('should agree on what it writes', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (records) => {
        const baseTimestamp = records[0]!.timestamp
        const { buffer } = await RecordBatch({
          firstTimestamp: baseTimestamp,
          maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
          lastOffsetDelta: records.length - 1,
          records: records.map(({ key, value, timestamp, header }, offsetDelta) =>
            encodeRecord({
              key,
              value,
              offsetDelta,
              timestampDelta: Long.fromValue(timestamp - baseTimestamp),
              headers: { h: header },
            }),
          ),
        })
        const partition = decodeRecordBatches(fetched(buffer), 0, { isolationLevel: 'read_committed', checkCrcs: true })
        expect(
          partition
            .take(1000)
            .map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, header: headers[0]!.value })),
        ).toEqual(records)
      }),
      { numRuns: 50 },
    )
  })
})
