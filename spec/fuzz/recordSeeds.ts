import { batchAt, emptyBatchAt, markerAt, transactional } from '../support/encodedBatches.js'
import type { RecordToEncode } from '../../lib/protocol/encodeRecordBatch.js'
import { fetchByNameApi } from '../../lib/protocol/requests/fetchByName.js'
import { brokerFetch } from '../protocol/fixtures/brokerFetch.js'
import { javaBatches } from '../protocol/fixtures/javaBatches.js'

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

/** Small logs with everything in them that the decoder tells apart: what a fuzzer begins with. */
export const recordSeeds: readonly Buffer[] = [
  ...Object.values(javaBatches),
  fetchByNameApi.decode(brokerFetch).partitions[0]!.records,
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
]
