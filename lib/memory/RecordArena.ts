import { type Headers, noHeaders } from '../client/Headers.js'
import type { Bytes, ProducerRecord } from '../client/ProducerRecord.js'
import type { UnplacedRecord } from './LogBatch.js'

/**
 * Copies records into chunks of memory, so that the caller may use its buffers again. Many records share a chunk: a Buffer
 * of its own costs more than all else about a small record.
 */
export class RecordArena {
  private chunk = Buffer.alloc(0)
  private used = 0

  /** @param now the timestamp of a record without one; parts of a millisecond are cut off */
  copy({ key, value, timestamp, headers }: ProducerRecord, now: number): UnplacedRecord {
    const keyLength = byteLength(key)
    const valueLength = byteLength(value)
    const valueOffset = Math.max(0, keyLength)
    const length = valueOffset + Math.max(0, valueLength)
    const start = this.reserve(length)
    write(key, this.chunk, start)
    write(value, this.chunk, start + valueOffset)
    return {
      timestamp: Math.trunc(timestamp ?? now),
      buffer: this.chunk,
      start,
      keyLength,
      valueLength,
      headers: headers === undefined || headers.length === 0 ? noHeaders : copyHeaders(headers),
    }
  }

  private reserve(length: number): number {
    if (this.used + length > this.chunk.length) {
      const doubled = Math.min(Math.max(smallestChunk, this.chunk.length * 2), largestChunk)
      this.chunk = Buffer.allocUnsafeSlow(Math.max(doubled, length))
      this.used = 0
    }
    const start = this.used
    this.used += length
    return start
  }
}

const smallestChunk = 1024
const largestChunk = 65_536

const byteLength = (bytes: Bytes | undefined): number => {
  if (bytes === null || bytes === undefined) return -1
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

const write = (bytes: Bytes | undefined, target: Buffer, at: number): void => {
  if (typeof bytes === 'string') target.write(bytes, at)
  else if (bytes !== null && bytes !== undefined) target.set(bytes, at)
}

const copyHeaders = (headers: Headers): Headers =>
  headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) }))
