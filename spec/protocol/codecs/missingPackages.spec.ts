import { describe, expect, it, jest } from '@jest/globals'
import { decodeRecordBatches } from '../../../lib/protocol/decodeRecordBatches.js'
import { encodeRecordBatch } from '../../../lib/protocol/encodeRecordBatch.js'
import { RecordBatchBuilder } from '../../../lib/protocol/RecordBatchBuilder.js'
import { batchAt, fetched } from '../../support/encodedBatches.js'
import { javaCodecs } from '../fixtures/javaCodecs.js'

const notInstalled = (name: string) => () => {
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
}
jest.mock('snappy', notInstalled('snappy'))
jest.mock('lz4-napi', notInstalled('lz4-napi'))
jest.mock('@toondepauw/node-zstd', () => {
  throw new Error('no native binding for this platform')
})

const at = (offset: number, batch: Buffer): Buffer => {
  const moved = Buffer.from(batch)
  moved.writeBigInt64BE(BigInt(offset), 0)
  return moved
}

describe.each([
  ['snappy', 'snappy', 'is not installed'],
  ['lz4', 'lz4-napi', 'is not installed'],
  ['zstd', '@toondepauw/node-zstd', 'cannot be loaded here'],
] as const)('%s without its package', (type, name, why) => {
  it('should fail the partition where such a batch is met, after the records before it', () => {
    const partition = decodeRecordBatches(
      fetched([batchAt(5, { records: [{ value: 'a' }] }), at(6, javaCodecs[type])]),
      5,
      { isolationLevel: 'read_committed', checkCrcs: true },
    )
    expect(partition.take(10).map(({ value }) => String(value))).toEqual(['a'])
    const failure = expect.objectContaining({
      _tag: 'Unsupported',
      topic: 'orders',
      partition: 1,
      offset: 6,
      message: expect.stringContaining(
        `orders-1 at offset 6: Records compressed with ${type} need the optional package`,
      ),
    })
    expect(() => partition.take(10)).toThrow(failure)
    expect(() => partition.take(10)).toThrow(`${name}, which ${why}: npm install ${name}`)
  })

  it('should fail the writing of a batch', () => {
    const builder = new RecordBatchBuilder(1000)
    builder.append('k', 'v', [], 0)
    expect(() => builder.build(type)).toThrow(`${name}, which ${why}: npm install ${name}`)
  })

  it('should not be missed by others', () => {
    expect(encodeRecordBatch({ records: [{ value: 'a' }], compression: 'gzip' })).toBeInstanceOf(Buffer)
  })
})
