import { type Headers, noHeaders } from '../client/Headers.js'
import type { Bytes, ProducerRecord } from '../client/ProducerRecord.js'
import { recordOverhead, type UnplacedRecord } from './LogBatch.js'

/** The bytes of a record, copied: the caller may use its buffers again. */
export const unplacedRecord = ({ key, value, timestamp, headers }: ProducerRecord, now: number): UnplacedRecord => {
  const keyLength = byteLength(key)
  const valueLength = byteLength(value)
  const valueStart = Math.max(0, keyLength)
  const bytes = Buffer.allocUnsafe(valueStart + Math.max(0, valueLength))
  write(key, bytes, 0)
  write(value, bytes, valueStart)
  return { timestamp: timestamp ?? now, bytes, keyLength, valueLength, headers: copyHeaders(headers) }
}

/** What a record takes of `buffer.memory` and `batch.size`. */
export const recordSize = ({ bytes, headers }: UnplacedRecord): number => {
  let size = bytes.length + recordOverhead
  for (const { key, value } of headers) size += Buffer.byteLength(key) + (value?.length ?? 0) + 2
  return size
}

const byteLength = (bytes: Bytes | undefined): number => {
  if (bytes === null || bytes === undefined) return -1
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

const write = (bytes: Bytes | undefined, target: Buffer, at: number): void => {
  if (typeof bytes === 'string') target.write(bytes, at)
  else if (bytes !== null && bytes !== undefined) target.set(bytes, at)
}

const copyHeaders = (headers: Headers | undefined): Headers =>
  headers === undefined || headers.length === 0
    ? noHeaders
    : headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) }))
