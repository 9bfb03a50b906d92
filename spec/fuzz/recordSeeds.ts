import { batchAt, emptyBatchAt, markerAt, transactional } from '../support/encodedBatches.js'
import type { RecordToEncode } from '../../lib/protocol/encodeRecordBatch.js'
import { fetchByNameApi } from '../../lib/protocol/requests/fetchByName.js'
import { legacyMessage, type LegacyMessageFields, legacyWrapper } from '../support/legacyMessages.js'
import { brokerFetch } from '../protocol/fixtures/brokerFetch.js'
import { javaBatches } from '../protocol/fixtures/javaBatches.js'
import { javaLegacyMessages } from '../protocol/fixtures/javaLegacyMessages.js'

const headers = [
  { key: 'h', value: Buffer.from('x') },
  { key: 'h', value: null },
  { key: '', value: Buffer.alloc(0) },
]
const records: readonly RecordToEncode[] = [
  { key: 'k', value: 'first', headers, timestamp: 1_700_000_000_000 },
  { key: null, value: null, timestamp: 1_700_000_000_005 },
  { key: '', value: 'a'.repeat(200), timestamp: 1_600_000_000_000 },
]
const producer = transactional(2n)

const messages = (magic: 0 | 1, offset: number): readonly LegacyMessageFields[] =>
  [0, 1, 2].map((i) => ({
    magic,
    offset: offset + i,
    timestamp: 1_500_000_000_000 + i,
    key: 'k',
    value: 'a'.repeat(20 * i),
  }))

/** Small logs with everything in them that the decoder tells apart: what a fuzzer begins with. */
export const recordSeeds: readonly Buffer[] = [
  ...Object.values(javaBatches),
  fetchByNameApi.decode(brokerFetch).partitions[0]!.records,
  ...Object.values(javaLegacyMessages),
  ...(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((compression) => batchAt(0, { records, compression })),
  Buffer.concat([
    batchAt(0, { records, producer }),
    batchAt(3, { records, producer: transactional(3n), compression: 'snappy' }),
    markerAt(6, 2n, 'abort'),
    emptyBatchAt(7, 4),
    batchAt(12, { records, producer }, 9),
    markerAt(22, 2n, 'commit'),
    markerAt(23, 3n, 'abort'),
  ]),
  // A log that is older than its brokers.
  Buffer.concat([
    legacyMessage({ magic: 0, offset: 0, key: 'k', value: 'v' }),
    legacyMessage({ magic: 1, offset: 1, timestamp: 1_500_000_000_000, value: null, logAppendTime: true }),
    legacyWrapper(messages(0, 2), 'snappy'),
    legacyWrapper(messages(0, 5), 'lz4'),
    legacyWrapper(messages(1, 8), 'snappy', { logAppendTime: true }),
    legacyWrapper(messages(1, 11), 'lz4'),
    batchAt(14, { records, producer }),
  ]),
]
