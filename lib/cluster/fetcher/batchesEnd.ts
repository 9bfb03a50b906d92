import type { Offset } from '../../client/Offset.js'
import { logEntryAt } from '../../protocol/LogEntry.js'
import { LENGTH_AT, readInt64, RECORDS_AT } from '../../protocol/RecordBatch.js'

/** How far the whole batches in a fetch reach. */
export interface BatchesEnd {
  /** where the next fetch begins: the last offset of the last whole batch + 1; undefined when there is no whole batch */
  readonly nextOffset: Offset | undefined
  /** of the leader that wrote the last whole batch; -1 from before Kafka 0.11; undefined when there is none */
  readonly leaderEpoch: number | undefined
  /** bytes of the whole batches */
  readonly bytes: number
  /** bytes of the first batch, when it does not fit into the fetch */
  readonly needed: number | undefined
}

/**
 * Walks the batch headers only, so the next fetch can be sent before this one is decoded. Offsets without records
 * (compaction, an empty batch that was left behind) are passed like others. A batch that was cut off at the end is left out.
 *
 * What is damaged counts as one batch up to the end: the decoder says what is wrong.
 */
export const batchesEnd = (records: Buffer): BatchesEnd => {
  let at = 0
  let nextOffset: Offset | undefined
  let leaderEpoch: number | undefined
  while (at + LENGTH_AT + 4 <= records.length) {
    const size = LENGTH_AT + 4 + records.readInt32BE(at + LENGTH_AT)
    if (size > records.length - at) return { nextOffset, leaderEpoch, bytes: at, needed: at === 0 ? size : undefined }
    const entry = logEntryAt(records, at, at + size)
    if (entry === undefined)
      return { nextOffset: readInt64(records, at) + 1, leaderEpoch, bytes: records.length, needed: undefined }
    nextOffset = Math.max(nextOffset ?? 0, entry.nextOffset)
    leaderEpoch = entry.leaderEpoch
    at += size
  }
  return { nextOffset, leaderEpoch, bytes: at, needed: at === 0 && records.length > 0 ? RECORDS_AT : undefined }
}
