import { ByteReader } from './ByteReader.js'
import { RECORDS_AT, type RecordBatch } from './RecordBatch.js'

/**
 * Does a control batch end its transaction by aborting it? Its only record says so in its key:
 *
 *   control record key => version type
 *     version => INT16
 *     type => INT16       0 abort, 1 commit
 *
 * An empty one (its record was compacted away) ends nothing.
 */
export const isAbortMarker = (batch: RecordBatch): boolean => {
  if (batch.count <= 0) return false
  const reader = new ByteReader(batch.buffer, 'A transaction marker', batch.start + RECORDS_AT, batch.end)
  reader.readVarint()
  reader.readInt8()
  reader.skipVarlong()
  reader.readVarint()
  reader.readVarint()
  reader.readInt16()
  return reader.readInt16() === ABORT
}

const ABORT = 0
