import type { PreparedTransaction } from '../../../client/KafkaProducer.js'
import type { Step } from '../../../scheduling/coroutine.js'
import type { FormerTransactions } from '../../../stream/TwoPhaseCommit.js'
import type { KafkaWriterState, NamingState } from '../../writer/KafkaWriterState.js'

/**
 * How the transactions of one subtask of a sink are named, and how those that former attempts left open are found and ended. The two
 * belong together, as in Flink's `TransactionNamingStrategy`: a transaction is found again by the rule that named it. All else (when a
 * transaction is initialised, begun, prepared, committed, recovered) is the same for every strategy.
 *
 * 1. `endFormer`, once, before all other calls.
 * 2. `next` for each transaction. Its id is initialised after that, which aborts what is open under it.
 * 3. `snapshot` in each checkpoint.
 * 4. `ended` when the commits are durable, or `leave` when there will be no transaction under the id.
 *
 * Transactional ids begin with the prefix of the sink and with the subtask: `<prefix>-<subtask>-`.
 */
export interface TransactionStrategy {
  /**
   * Ends all transactions that former attempts may have opened and that no checkpoint holds. The caller has already committed or
   * aborted what the restored checkpoint holds. Returns the ids under which a transaction was open.
   */
  endFormer(attempts: FormerAttempts): Generator<Step, readonly string[]>
  /** The id of the next transaction: nothing of this attempt is open or prepared under it, or waits to be noted as committed. */
  next(): Generator<Step, string>
  /** This attempt opens no transaction under an id that `next` gave. Its InitProducerId may still be carried out, late. */
  leave(transactionalId: string): void
  /** These transactions are committed, and the checkpoint store has noted it. Called after each completed checkpoint, with none too. */
  ended(transactionalIds: readonly string[]): void
  /** By what the checkpoint store notes that a transaction is committed: never the same twice. */
  markOf(transaction: PreparedTransaction): string
  /**
   * What the next attempt must know for its `endFormer`, beside the prepared transactions: plain JSON, under the name of the strategy.
   *
   * @param prepared the ids of all transactions that the checkpoint holds
   */
  snapshot(prepared: readonly string[]): NamingState
}

/** What former attempts have left to a subtask of a sink. */
export interface FormerAttempts {
  /** the restored checkpoint; undefined at a fresh start */
  readonly checkpointId: number | undefined
  /** The number of subtasks of this attempt: it looks after former subtasks modulo this. */
  readonly parallelism: number
  /** What it holds of this sink, from the subtasks that this one takes over. */
  readonly states: readonly KafkaWriterState[]
  /** Which ids attempts have recorded in the checkpoint store, where nobody is known to have ended them. */
  readonly recorded: readonly RecordedTransactions[]
  /** It is known already that others have used the prefix, and accepted. */
  readonly usedBefore: boolean
}

export interface RecordedTransactions extends Omit<FormerTransactions, 'states'> {
  /** What the restored checkpoint holds of the sink that they are of, under whichever uid, from all its subtasks. */
  readonly states: readonly KafkaWriterState[]
}
