import { crc32c } from '../../lib/protocol/crc32c.js'
import { type BatchToEncode, encodeRecordBatch } from '../../lib/protocol/encodeRecordBatch.js'
import {
  ATTRIBUTES_AT,
  CONTROL,
  COUNT_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  RECORDS_AT,
} from '../../lib/protocol/RecordBatch.js'
import type { NamedPartitionResponse } from '../../lib/protocol/requests/fetch.js'

/** Changes bytes of a batch and makes its checksum right again, as a log cleaner or a broker would. */
export const rewritten = (batch: Buffer, change: (batch: Buffer) => void): Buffer => {
  const copy = Buffer.from(batch)
  change(copy)
  copy.writeUInt32BE(crc32c(copy, ATTRIBUTES_AT), CRC_AT)
  return copy
}

/** A batch at an offset, as it stands in the log. `lastOffsetDelta` beyond the records makes a hole at its tail. */
export const batchAt = (baseOffset: number, batch: BatchToEncode, lastOffsetDelta = batch.records.length - 1): Buffer =>
  rewritten(encodeRecordBatch(batch), (bytes) => {
    bytes.writeBigInt64BE(BigInt(baseOffset), 0)
    bytes.writeInt32BE(lastOffsetDelta, LAST_OFFSET_DELTA_AT)
  })

/** What compaction leaves of a batch whose records are all gone. */
export const emptyBatchAt = (baseOffset: number, lastOffsetDelta: number): Buffer =>
  rewritten(batchAt(baseOffset, { records: [] }, lastOffsetDelta).subarray(0, RECORDS_AT), (bytes) => {
    bytes.writeInt32BE(0, COUNT_AT)
  })

export const transactional = (producerId: bigint) => ({
  producerId,
  producerEpoch: 0,
  baseSequence: 0,
  transactional: true,
})

/** A commit or abort marker: a control batch of one record. */
export const markerAt = (baseOffset: number, producerId: bigint, type: 'commit' | 'abort'): Buffer => {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0])
  const batch = batchAt(baseOffset, { records: [{ key, value: Buffer.alloc(6) }], producer: transactional(producerId) })
  return rewritten(batch, (bytes) => bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT))
}

/** A fetch response of one partition, `orders-1`. */
export const fetched = (
  records: Buffer | Buffer[],
  more: Partial<NamedPartitionResponse> = {},
): NamedPartitionResponse => ({
  topic: 'orders',
  partition: 1,
  errorCode: 0,
  highWatermark: 1000,
  lastStableOffset: 900,
  logStartOffset: 0,
  abortedTransactions: [],
  preferredReadReplica: -1,
  records: Array.isArray(records) ? Buffer.concat(records) : records,
  ...more,
})
