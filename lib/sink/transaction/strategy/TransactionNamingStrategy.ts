/**
 * How transactional ids are made from the prefix, as in Flink's enum of this name.
 *
 * - `INCREMENTING`: `<prefix>-<subtask>-<checkpointId>`, a new id for each checkpoint that has records. Brokers remember each id for
 *   `transactional.id.expiration.ms` (7 days); which ones an attempt has used stands in the checkpoint store.
 * - `POOLING`: `<prefix>-<subtask>-<n>`, some four ids of each attempt, used again and again: easy on brokers where checkpoints are
 *   frequent. A start also ends what brokers list as open under the prefix, so that nothing lingers where the checkpoint store was lost.
 *   A job can go over to it from INCREMENTING, with its checkpoints; the way back is refused.
 */
export const TransactionNamingStrategy = {
  /** A new transactional id for each transaction. The default. */
  INCREMENTING: 'INCREMENTING',
  /** A few ids, used again. */
  POOLING: 'POOLING',
} as const

export type TransactionNamingStrategy = (typeof TransactionNamingStrategy)[keyof typeof TransactionNamingStrategy]
