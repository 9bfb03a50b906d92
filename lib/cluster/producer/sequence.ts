/**
 * The sequence number after a batch: every record counts one, modulo 2^31 (the wire has no negative sequence).
 * As `DefaultRecordBatch.incrementSequence`.
 */
export const advanceSequence = (sequence: number, records: number): number => (sequence + records) & 0x7fffffff
