import { ABORT_MARKER, COMMIT_MARKER } from '../protocol/controlRecord.js'
import {
  ATTRIBUTES_AT,
  CONTROL,
  LEADER_EPOCH_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  RECORDS_AT,
} from '../protocol/RecordBatch.js'
import { RecordBatchBuilder } from '../protocol/RecordBatchBuilder.js'
import { noProducer, sealRecordBatch } from '../protocol/sealRecordBatch.js'
import { noHeaders } from '../client/Headers.js'
import type { LogBatch } from './LogBatch.js'

/** The batch as it stands in a broker's log and in the response to a fetch; encoded when it is first asked for. */
export const encodedBatch = (batch: LogBatch): Buffer => {
  const known = encoded.get(batch)
  if (known !== undefined) return known
  const bytes = encode(batch)
  encoded.set(batch, bytes)
  return bytes
}

/** For a batch that came in these bytes: it leaves in them. */
export const keepEncoded = (batch: LogBatch, bytes: Buffer): void => {
  encoded.set(batch, bytes)
}

const encoded = new WeakMap<LogBatch, Buffer>()

const encode = (batch: LogBatch): Buffer => {
  const { baseOffset, lastOffset, leaderEpoch, records, writer, transaction, marker } = batch
  const builder = new RecordBatchBuilder(Infinity, RECORDS_AT + 64 * (records.length + 1))
  let next = baseOffset
  for (const record of records) {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, headers, offset, timestamp } = record
    builder.passOver(offset - next)
    const key = keyEnd < 0 ? null : buffer.subarray(keyStart, keyEnd)
    const value = valueEnd < 0 ? null : buffer.subarray(valueStart, valueEnd)
    builder.append(key, value, headers, timestamp)
    next = offset + 1
  }
  if (marker !== null) {
    builder.append(markerKey[marker], markerValue, noHeaders, batch.maxTimestamp)
    next = baseOffset + 1
  }
  builder.passOver(lastOffset + 1 - next)
  const bytes = builder.build()
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT)
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp), MAX_TIMESTAMP_AT)
  let attributes = bytes.readInt16BE(ATTRIBUTES_AT)
  if (batch.timestampType === 'LogAppendTime') attributes |= LOG_APPEND_TIME
  if (marker !== null) attributes |= CONTROL
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT)
  if (writer === null) return sealRecordBatch(bytes, noProducer)
  const { producerId, epoch: producerEpoch, baseSequence } = writer
  return sealRecordBatch(bytes, {
    producerId,
    producerEpoch,
    baseSequence,
    transactional: transaction !== null || marker !== null,
  })
}

/** See `lib/protocol/controlRecord.ts`. */
const markerKey = { abort: Buffer.from([0, 0, 0, ABORT_MARKER]), commit: Buffer.from([0, 0, 0, COMMIT_MARKER]) }

/** Version 0, and the epoch of the coordinator: there is but one, of epoch 0. */
const markerValue = Buffer.alloc(6)
