import type { SinkRecord } from './AttemptLedger.js'

/**
 * Of the records of attempts that are about to be removed, those that say more about the owner of transactional ids than what is known.
 *
 * The newest attempt is not always the newest owner: one that was superseded while it waited for the answer of InitProducerId has raised
 * the epoch later, and has recorded that. Without its record its epoch would be taken for that of another job.
 */
export const unknownOwners = (records: readonly SinkRecord[], known: readonly SinkRecord[]): readonly SinkRecord[] =>
  records.filter((record) => !known.some((other) => isCovered(record, other)))

/** Epochs of one producer only grow, so a later one makes an earlier one needless. Which of two producers came first is not known. */
const isCovered = (record: SinkRecord, other: SinkRecord): boolean => {
  if (record.name !== other.name || record.subtaskIndex !== other.subtaskIndex) return false
  if (record.owner === undefined) return true
  return other.owner?.producerId === record.owner.producerId && other.owner.epoch >= record.owner.epoch
}
