import type { Offset } from '../client/Offset.js'

/** How far the whole batches in a fetch reach. */
export interface BatchesEnd {
  /** where the next fetch begins: the last offset of the last whole batch + 1; undefined when there is no whole batch */
  readonly nextOffset: Offset | undefined
  /** bytes of the whole batches */
  readonly bytes: number
  /** bytes of the first batch, when it does not fit into the fetch */
  readonly needed: number | undefined
}

/**
 * Walks the batch headers only, so the next fetch can be sent before this one is decoded. Offsets without records
 * (compaction, an empty batch that was left behind) are passed like others. A batch that was cut off at the end is left out.
 *
 * ```
 * base_offset => INT64, batch_length => INT32, partition_leader_epoch => INT32, magic => INT8, crc => UINT32,
 * attributes => INT16, last_offset_delta => INT32, …
 * ```
 * Older formats (magic 0 and 1) have one message in this place, and its offset is the last one in it.
 */
export const batchesEnd = (records: Buffer): BatchesEnd => {
  let at = 0
  let nextOffset: Offset | undefined
  while (at + lengthEnd <= records.length) {
    const size = lengthEnd + records.readInt32BE(at + 8)
    const damaged = size < smallestBatch
    if (!damaged && at + size > records.length) return { nextOffset, bytes: at, needed: at === 0 ? size : undefined }
    const baseOffset = records.readInt32BE(at) * 0x1_0000_0000 + records.readUInt32BE(at + 4)
    // What is damaged counts as one batch to the end: the decoder says what is wrong with it.
    if (damaged) return { nextOffset: baseOffset + 1, bytes: records.length, needed: undefined }
    nextOffset = baseOffset + 1 + (records.readInt8(at + magicAt) >= 2 ? records.readInt32BE(at + lastOffsetDeltaAt) : 0)
    at += size
  }
  return { nextOffset, bytes: at, needed: at === 0 && records.length > 0 ? lengthEnd + smallestBatch : undefined }
}

const lengthEnd = 12
const magicAt = 16
const lastOffsetDeltaAt = 23
/** magic 0 without key and value is 26 bytes; a batch with a magic of 2 has a header of 61 */
const smallestBatch = 26
