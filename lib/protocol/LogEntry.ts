import { BatchRecords } from './BatchRecords.js'
import { LEGACY_OVERHEAD, LegacyMessage } from './LegacyMessage.js'
import { LegacyRecords } from './LegacyRecords.js'
import { CURRENT_MAGIC, MAGIC_AT, RecordBatch, RECORDS_AT } from './RecordBatch.js'
import type { RecordReader } from './RecordReader.js'

/**
 * What stands in a log between two offsets, as a view: a record batch of format 2, or a message of format 0 or 1 with all that is
 * compressed into it. A log holds them side by side when it is older than its broker.
 */
export type LogEntry = RecordBatch | LegacyMessage

/** The entry between two positions, by its format; undefined when it has none, or is too short for it. */
export const logEntryAt = (bytes: Buffer, start: number, end: number): LogEntry | undefined => {
  if (end <= start + MAGIC_AT) return undefined
  const magic = bytes.readInt8(start + MAGIC_AT)
  if (magic === CURRENT_MAGIC) return end < start + RECORDS_AT ? undefined : new RecordBatch(bytes, start)
  return end < start + (LEGACY_OVERHEAD[magic] ?? Infinity) ? undefined : new LegacyMessage(bytes, start)
}

/**
 * @param inflated the records without their compression; undefined when they are not compressed
 * @throws KafkaError `Corrupt`
 */
export const openEntry = (
  entry: LogEntry,
  topic: string,
  partition: number,
  inflated: Buffer | undefined,
  checkCrcs: boolean,
): RecordReader => {
  const { buffer, start, end } = entry
  if (entry instanceof LegacyMessage) {
    return inflated === undefined
      ? new LegacyRecords(topic, partition, buffer, start, end)
      : new LegacyRecords(topic, partition, inflated, 0, inflated.length, { message: entry, checkCrcs })
  }
  return inflated === undefined
    ? new BatchRecords(topic, partition, entry, buffer, start + RECORDS_AT, end)
    : new BatchRecords(topic, partition, entry, inflated, 0, inflated.length)
}
