/**
 * How transactional ids are made from the prefix, as in Flink's enum of this name.
 *
 * - `INCREMENTING`: `<prefix>-<subtask>-<checkpointId>`, a new id for each checkpoint. The broker remembers each id for
 *   `transactional.id.expiration.ms` (7 days); which ones an attempt has used stands in the checkpoint store.
 * - `POOLING`: `<prefix>-<subtask>-<n>`, a few ids used again and again. Easy on the broker; a restart lists open transactions
 *   (brokers from 3.0, with the right to describe them). Going back to INCREMENTING afterwards may lose data. Not available in this
 *   release: `build()` refuses it.
 */
export const TransactionNamingStrategy = {
  /** A new transactional id for each transaction. The default. */
  INCREMENTING: 'INCREMENTING',
  /** A few ids, used again. Not available in this release: `build()` refuses it. */
  POOLING: 'POOLING',
} as const

export type TransactionNamingStrategy = (typeof TransactionNamingStrategy)[keyof typeof TransactionNamingStrategy]
