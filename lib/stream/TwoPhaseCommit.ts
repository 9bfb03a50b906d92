import type { Observable } from 'rxjs'

/** A transaction that waits for the completion of a checkpoint. */
export interface PreparedTransactionId {
  /** unique within its sink's uid, and never used again */
  readonly id: string
  /** the checkpoint whose completion commits it */
  readonly checkpointId: number
}

/**
 * How a transaction of the restored checkpoint stands in the system that it belongs to.
 *
 * - `prepared`: it can still be committed, or aborted.
 * - `committed`: it is committed; a crash came before that was noted.
 * - `dead`: it was aborted or has expired. It can never be committed.
 */
export type TransactionStanding = 'prepared' | 'committed' | 'dead'

/** A transaction of the restored checkpoint that is not known to be committed. */
export interface RestoredTransaction extends PreparedTransactionId {
  /** Of the sink that prepared it; that of an orphan is not the one of the sink that reports it. */
  readonly uid: string
  /** of the job that wrote the checkpoint */
  readonly subtaskIndex: number
  /** What the sink found out in the system that the transaction belongs to. */
  readonly standing: TransactionStanding
}

/**
 * What is to be done about a restored transaction.
 *
 * - `commit` it, and mark it as committed; it may be committed already.
 * - `abort` it: the job goes back to a checkpoint before it.
 * - `lost`: it is dead, and the job cannot go back, since records after it are visible already.
 */
export type RecoveryAction = 'commit' | 'abort' | 'lost'

/** What an owner of transactions is known by in the system that they belong to. The id is 64 bits wide, so it is text. */
export interface TransactionOwner {
  /** For Kafka: what InitProducerId gave, in decimal. */
  readonly producerId: string
  /** For Kafka: what InitProducerId gave with it. The newer of two owners with one producer id has the higher epoch. */
  readonly epoch: number
}

/** Ids that a former attempt of this job may have opened transactions under, and that nobody is known to have ended. */
export interface FormerTransactions {
  /** The attempt that may have opened them, for messages. */
  readonly attemptId: string
  /** what the ids begin with */
  readonly name: string
  /** The subtask in that attempt, counted from 0. It is a part of the ids. */
  readonly subtaskIndex: number
  /** the numbers it may have used, both ends included */
  readonly blocks: readonly { readonly first: number; readonly last: number }[]
  /** What the restored checkpoint holds of the sink that they are of, under whichever uid, from all its subtasks. */
  readonly states: readonly unknown[]
  /** Written by release 0.1, which did not record what it used. */
  readonly unrecorded: boolean
}

/** What former attempts have left to a sink. */
export interface Inheritance {
  /** States of sinks with prepared transactions that no sink of this attempt asks for: one sink looks after them too. */
  readonly orphans: readonly { readonly uid: string; readonly states: readonly unknown[] }[]
  /** Ids under which transactions may still be open, newest attempt first. */
  readonly former: readonly FormerTransactions[]
}

/** What other attempts of this job have recorded about the owner of a sink's transactional ids. */
export interface OwnerRecords {
  /** The store knew no attempt before this one. */
  readonly firstAttempt: boolean
  /** An attempt has recorded a sink with this name, of whichever subtask. */
  readonly nameKnown: boolean
  /** Of this subtask, in no order, with those that newer ones have replaced. Empty: none is recorded. */
  readonly owners: readonly TransactionOwner[]
  /** So many attempts were about to become the owner. They may have died or been stopped before or after that, and may wake. */
  readonly changing: number
}

/**
 * A sink's part in the two-phase commit of its job: what a sink needs beyond barriers so that no transaction is lost, committed
 * twice or left open, whatever dies when. {@link Restored.twoPhaseCommit} gives it. Observables act once per subscription.
 *
 * 1. `inheritance$` tells what former attempts have left. The sink finds out how each transaction stands.
 * 2. `decide` tells what to do: all sinks of the job together either commit, or go back to an earlier checkpoint.
 * 3. After `commit`s: `Restored.markCommitted`. After `abort`s: `goBack`, which ends the attempt.
 * 4. The sink ends what `former` attempts may have opened, then calls `settled`.
 * 5. It takes a number for each transaction from `nextNumber`. After it has initialised it, and before it uses it, it asks `confirm`.
 */
export interface TwoPhaseSink {
  /** What other attempts have recorded, read anew. */
  ownerRecords(): Observable<OwnerRecords>
  /** Notes durably who owns the ids of this sink; undefined before the change of the owner is asked for. */
  recordOwner(owner: TransactionOwner | undefined): Observable<void>
  /** Emits once, when it is known which sinks take part. */
  readonly inheritance$: Observable<Inheritance>
  /** Tells how all transactions of this sink, and of the orphans that it looks after, stand; emits an action for each. */
  decide(transactions: readonly RestoredTransaction[]): Observable<readonly RecoveryAction[]>
  /** All that was to be aborted is. Errors with what the next attempt goes on from, when all sinks have come here. */
  goBack(): Observable<never>
  /** All that former attempts may have opened is ended. */
  settled(): Observable<void>
  /** The next number above `after` that no other attempt of this job has or will have. */
  nextNumber(after: number): Observable<number>
  /** Notes durably that these numbers, both ends included, are left alone, since others may use them: no later attempt ends what is open there. */
  passOver(first: number, last: number): Observable<void>
  /** Nothing is open or prepared any more under numbers below this one. */
  release(below: number): void
  /** Emits when no newer attempt of the job has taken over. */
  confirm(): Observable<void>
  /**
   * The sink is done, or stops: another one may have its name. If it leaves before `settled`, and the restored checkpoint holds
   * transactions that it looks after, the attempt fails with a retriable error, since they may be lost otherwise.
   */
  leave(): void
}

/** How a sink takes part in the two-phase commit of its job. */
export interface TwoPhaseCommit {
  /**
   * To be called as `Restored` passes. Throws when another sink of the job has the same name: their transactions would end each other.
   *
   * @param name what the ids of its transactions begin with
   */
  join(uid: string, name: string): TwoPhaseSink
}
