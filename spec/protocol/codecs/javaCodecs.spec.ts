import { describe, expect, it } from '@jest/globals'
import { compressionCodec } from '../../../lib/protocol/compression.js'
import { decodeRecordBatches } from '../../../lib/protocol/decodeRecordBatches.js'
import { RecordBatch, RECORDS_AT } from '../../../lib/protocol/RecordBatch.js'
import { fetched } from '../../support/encodedBatches.js'
import { javaCodecs } from '../fixtures/javaCodecs.js'

const lines = Array.from({ length: 80 }, (_, i) => `flight ${i}${' departs'.repeat(120)}`)
const limit = 1_000_000

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s of the Java client', (type) => {
  const segment = javaCodecs[type]

  it('should be read', () => {
    expect(new RecordBatch(segment, 0).compression).toBe(type)
    const partition = decodeRecordBatches(fetched(segment), 0, { isolationLevel: 'read_committed', checkCrcs: true })
    expect(partition.take(100).map(({ value }) => String(value))).toEqual(lines)
    expect(partition.exhausted).toBe(true)
  })

  it('should be framed as ours is', () => {
    const codec = compressionCodec(type)
    const theirs = segment.subarray(RECORDS_AT)
    const ours = codec.compress(codec.decompress(theirs, limit))
    expect(ours.subarray(0, framed[type]).toString('hex')).toBe(theirs.subarray(0, framed[type]).toString('hex'))
  })
})

/** Bytes that do not depend on the compressor; of LZ4 the next one names the size of the blocks, which is free. */
const framed = { gzip: 9, snappy: 16, lz4: 5, zstd: 5 }
