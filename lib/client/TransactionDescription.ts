import type { TopicPartition } from './TopicPartition.js'

/**
 * Where a transactional id stands at its coordinator, by Kafka's names (KIP-664).
 *
 * - `Empty`: initialised, and no transaction was opened since.
 * - `Ongoing`: open. Prepared for a two-phase commit is open, too: Kafka has no state of its own for it.
 * - `PrepareCommit`, `PrepareAbort`: ended, and the markers are being written. What comes next is decided.
 * - `CompleteCommit`, `CompleteAbort`: ended, and all markers are written.
 * - `PrepareEpochFence`: being fenced; a passing state of the abort.
 * - `Dead`: about to be forgotten (`transactional.id.expiration.ms`).
 * - `Unknown`: a state that this release has no name for, as a newer broker may have.
 */
export type TransactionState = (typeof transactionStates)[number]

export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'PrepareEpochFence',
  'Dead',
  'Unknown',
] as const

const byName: ReadonlyMap<string, TransactionState> = new Map(transactionStates.map((state) => [state, state]))

/** The state of this name; `Unknown` for one that this release does not know. */
export const transactionStateNamed = (name: string): TransactionState => byName.get(name) ?? 'Unknown'

/**
 * A transactional id as its coordinator describes it.
 *
 * A producer that has opened one transaction since it initialised the id knows from this what became of it: the same producer
 * id and epoch say that the state is that transaction's; others, that the id was initialised again since, or that the
 * transaction has expired (the broker aborts under the next epoch). After an end, the same epoch may begin another
 * transaction, and nothing here tells the two apart but `startTime`.
 */
export interface TransactionDescription {
  /** `transactional.id` */
  readonly transactionalId: string
  /** What the coordinator says; `Unknown` for a state that this release does not know. */
  readonly state: TransactionState
  /** Of the producer that initialised the id last. */
  readonly producerId: bigint
  /** Of that producer. The broker raises it when a transaction expires, so that its producer is fenced. */
  readonly epoch: number
  /** `transaction.timeout.ms` that the producer asked for, in ms */
  readonly timeoutMs: number
  /**
   * when the open or the last transaction began, in ms since 1970 by the clock of the broker; undefined in `Empty`, where
   * there was none since the id was initialised
   */
  readonly startTime: number | undefined
  /** that the open transaction has written to; those of topics which we may not describe are left out */
  readonly partitions: readonly TopicPartition[]
}
