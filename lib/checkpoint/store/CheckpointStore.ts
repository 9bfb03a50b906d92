import type { Observable, SchedulerLike } from 'rxjs'
import type { PreparedTransactionId } from '../../stream/TwoPhaseCommit.js'
import type { JobShare } from '../JobShare.js'
import type { AttemptLedger } from './AttemptLedger.js'

/** A prepared transaction of a checkpoint, and the subtask that it is of. */
export interface StoredTransaction extends PreparedTransactionId {
  /** Counted from 0, of the job that wrote the checkpoint. */
  readonly subtaskIndex: number
}

/** A checkpoint as it is stored: plain JSON. */
export interface StoredCheckpoint {
  /** Unique in the store. It rises within an attempt, and from an attempt to the next one of its subtasks. */
  readonly checkpointId: number
  /** ms since the epoch */
  readonly timestamp: number
  /** Taken by `stopWithSavepoint`: no later checkpoint subsumes it. */
  readonly savepoint: boolean
  /** Of the job that wrote it: how many entries each array of `states` has. */
  readonly parallelism: number
  /** state by uid, each an array with one entry per subtask; null where a subtask has none */
  readonly states: Readonly<Record<string, readonly unknown[]>>
  /** ids of committables known to be committed, by uid */
  readonly committed: Readonly<Record<string, readonly string[]>>
  /** By uid, the transactions that its completion commits, and those of earlier checkpoints not known to be committed. */
  readonly prepared?: Readonly<Record<string, readonly StoredTransaction[]>> | undefined
}

/** An attempt that does not renew its lease for so long, in ms, counts as dead. Only a change of the parallelism asks. */
export const LEASE_MS = 6_000

/** How often a lease is renewed, in ms. */
export const LEASE_RENEWAL_MS = LEASE_MS / 3

/**
 * One attempt's own place in a store. Exclusive: what a former attempt still writes later is ignored, and it learns so by a
 * `Superseded` error, before it could commit anything. One call at a time.
 */
export interface StoredAttempt {
  /** Unique in the store. The next attempt of this process names it in `AttemptRequest.after`. */
  readonly attemptId: string
  /** The newest complete checkpoint of the attempts before; undefined at a fresh start. */
  readonly restored: StoredCheckpoint | undefined
  /** Durable when it emits. Subsumes older checkpoints. */
  complete(checkpoint: StoredCheckpoint): Observable<void>
  /** How many bytes the checkpoint has that was completed last, for people; left out where that is not known. */
  readonly checkpointBytes?: (() => number | undefined) | undefined
  /**
   * Durable when it emits. For the attempt's newest checkpoint, or the restored one as long as it has none of its own; without
   * effect for any other.
   */
  markCommitted(checkpointId: number, uid: string, ids: readonly string[]): Observable<void>
  /** A store that processes share has it. */
  readonly lease?: AttemptLease | undefined
  /** What exactly-once sinks need of a store beyond checkpoints. Without it they refuse to start. */
  readonly ledger?: AttemptLedger | undefined
}

/** How an attempt shows that it lives. */
export interface AttemptLease {
  /** To be called again within `LEASE_MS`. `Superseded` when a newer attempt has taken over. */
  renew(): Observable<void>
  /** The attempt is over: nobody need wait for its silence. */
  release(): Observable<void>
}

/** What an attempt asks of a store. */
export interface AttemptRequest {
  /** The subtasks that it will run. */
  readonly share: JobShare
  /**
   * The attempt that this one follows in the same process. When another one has come between, it has taken over, and this one
   * must not take back: `Superseded`. When the store does not know it, the store was emptied or replaced: `StoreLost`. Without
   * it, whoever begins takes over.
   */
  readonly after?: string | undefined
  /**
   * Who asks: a text that is the same for all attempts of one process, and no one else's. With it an attempt that took over before its
   * beginning failed is not taken for that of another process by the next one.
   */
  readonly claimant?: string | undefined
  /**
   * The attempt does not take over yet from one that may be running, but by `AttemptLedger.takeOver`, when it is able to begin. Default
   * false: at once.
   */
  readonly takeOverLater?: boolean | undefined
  /**
   * For how long in ms a checkpoint of this attempt waits for another process that is about to take over: less than what a checkpoint
   * may take. Default 10 s (`TAKEOVER_MS`), which is also the most.
   */
  readonly takeOverPatience?: number | undefined
  /** The clock by which other attempts are watched. */
  readonly scheduler: SchedulerLike
}

/**
 * Where completed checkpoints live: a port. Calls act once per subscription.
 *
 * Several processes may share a store, each with some of the subtasks of one job. An attempt takes over what former attempts
 * had of its own subtasks, at once; a change of the parallelism takes over everything, so it is refused (`Rescale`) while one
 * with the former parallelism shows that it lives.
 *
 * To keep checkpoints somewhere else, bring a `CheckpointStorage` of five calls: `checkpointStoreOn(storage)` is the store.
 */
export interface CheckpointStore {
  /** Without a request: the whole job, as one. */
  begin(request?: AttemptRequest): Observable<StoredAttempt>
}
