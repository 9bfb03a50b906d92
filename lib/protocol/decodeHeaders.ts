import type { Header, Headers } from '../client/Headers.js'
import { ByteReader } from './ByteReader.js'

/**
 * The headers of a record, from their count on. Values are copies; order, duplicates and nulls are kept.
 *
 *   headers => [header]        VARINT count
 *     header => key value
 *       key => VARINT length, UTF-8
 *       value => VARINT length (-1: null), bytes
 *
 * `BatchRecords` has seen that they fit their record, so that this cannot fail for a record that was given out.
 */
export const decodeHeaders = (buffer: Buffer, start: number): Headers => {
  const reader = new ByteReader(buffer, 'A record header', start)
  const headers: Header[] = []
  for (let left = reader.readVarint(); left > 0; left--) {
    const key = reader.readSlice(reader.readVarint()).toString()
    const length = reader.readVarint()
    headers.push({ key, value: length === -1 ? null : Buffer.from(reader.readSlice(length)) })
  }
  return headers
}
