/**
 * What a sink tells while it works.
 *
 * - `flushed`: all records before the barrier of `checkpointId` are acknowledged by the brokers (AT_LEAST_ONCE).
 * - `prepared`: the transaction of `checkpointId` is flushed; it waits for the checkpoint to complete (EXACTLY_ONCE).
 * - `committed`: that transaction is committed: its records are visible to read_committed. `recovered` when it was prepared by
 *   a former attempt.
 * - `lost`: that transaction is gone, with its records, and `setCommitLostPolicy('warn')` lets the job go on.
 * - `lingeringAborted`: transactions that a former attempt left open are aborted.
 */
export type SinkEvent =
  | { readonly kind: 'flushed'; readonly checkpointId: number; readonly records: number }
  | ({ readonly kind: 'prepared' } & TransactionFacts)
  | ({ readonly kind: 'committed'; readonly recovered: boolean } & TransactionFacts)
  | ({ readonly kind: 'lost'; readonly reason: string } & TransactionFacts)
  | { readonly kind: 'lingeringAborted'; readonly transactionalIds: readonly string[] }

interface TransactionFacts {
  readonly checkpointId: number
  readonly transactionalId: string
  readonly records: number
}
