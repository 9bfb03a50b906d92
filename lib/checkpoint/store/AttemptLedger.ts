import type { Observable } from 'rxjs'
import type { TransactionOwner } from '../../stream/TwoPhaseCommit.js'

/** How long an attempt that runs waits for one that is about to take over from it, in ms. Then it goes on, and that one is refused. */
export const TAKEOVER_MS = 10_000

/** Ids, both ends included. */
export interface IdBlock {
  /** The lowest id, inclusive. */
  readonly first: number
  /** The highest id, inclusive. */
  readonly last: number
}

/** A two-phase sink of one subtask, as an attempt has recorded it before it opened any transaction. */
export interface SinkRecord {
  /** What its transactional ids begin with. */
  readonly name: string
  /** The key of its state in checkpoints. */
  readonly uid: string
  /** Counted from 0. It is a part of the transactional ids, so each subtask has an owner of its own. */
  readonly subtaskIndex: number
  /** The owner of its ids; undefined while it is becoming that: the attempt may have died before or after. */
  readonly owner?: TransactionOwner | undefined
  /** Numbers that were found to be in use by others, and left alone. */
  readonly passedOver?: readonly IdBlock[] | undefined
  /** Recorded by an attempt that is gone: it says who owned the ids, and no more. */
  readonly handedOn?: boolean | undefined
}

/** A checkpoint that a subtask might go back to. */
export interface EarlierCheckpoint {
  /** Its id, which is below the one that was asked about. */
  readonly checkpointId: number
  /** A transaction of that subtask after it is known to be committed: what it wrote is visible. */
  readonly committedAfter: boolean
}

/** An attempt that was taken over from, and whose transactions nobody is known to have ended. */
export interface FormerHolder {
  /** As `StoredAttempt.attemptId` was there. */
  readonly attemptId: string
  /** Of the job when that attempt ran. It may differ from that of this attempt. */
  readonly parallelism: number
  /** Its subtasks that are this attempt's to look after. */
  readonly subtasks: readonly number[]
  /** All ids that it may have used. */
  readonly blocks: readonly IdBlock[]
  /** What it recorded of its own sinks, of all its subtasks. Records that were handed on to it are left out. */
  readonly sinks: readonly SinkRecord[]
  /** Written by a release that recorded no ids (0.1): what it may have opened has to be searched for. */
  readonly unrecorded: boolean
}

/**
 * What an attempt keeps in its store about transactions, so that no two attempts of a job ever use one transactional id, and so
 * that the next attempt knows which ones this one may have opened. Calls act once per subscription, and are durable when they emit.
 */
export interface AttemptLedger {
  /**
   * Whether another process may be running, or may be between two attempts (its former one was refused, too), with `AttemptRequest.takeOverLater`. If so, this attempt
   * takes over when it is able to begin, so that a process that cannot begin ends no other one; that one waits for it with its next
   * checkpoint, `TAKEOVER_MS` at most.
   */
  readonly mayReplace: boolean
  /** Whether this is the first attempt that the store knows. */
  readonly first: boolean
  /**
   * Takes over from the attempts before; once it has, nothing more happens. Emits those whose transactions have to be ended, newest
   * first. `NotTakenOver` when the attempt that runs has waited for as long as it may, and has refused this one.
   */
  takeOver(): Observable<readonly FormerHolder[]>
  /** Ids above all that any attempt has reserved, for this attempt alone. `Superseded` when a newer attempt has taken over. */
  reserve(): Observable<IdBlock>
  /** Forgets blocks of this attempt, not its newest one: no transaction is open or prepared under their ids, nor will be. */
  release(blocks: readonly IdBlock[]): Observable<void>
  /** Emits when no newer attempt has taken over; `Superseded` when one has, `StoreLost` when the store was emptied. */
  confirm(): Observable<void>
  /** What other attempts have recorded of their sinks, of those too that have been tidied away and wrote later. */
  otherSinks(): Observable<readonly SinkRecord[]>
  /** The sinks of this attempt. */
  recordSinks(sinks: readonly SinkRecord[]): Observable<void>
  /** Every transaction of the attempts before is ended, or marked as committed in the restored checkpoint. */
  settled(): Observable<void>
  /** The newest checkpoint with an id below `before` that a subtask of the restored job has left; undefined when there is none. */
  newestBefore(subtaskIndex: number, before: number): Observable<EarlierCheckpoint | undefined>
  /**
   * Begins from earlier checkpoints: each subtask in `before` from its newest one with a smaller id. This attempt is over then, and the
   * next one restores from there. False, and without effect, when that cannot be.
   *
   * @param before by subtask of the job that wrote the restored checkpoint, the first checkpoint id that does not count
   */
  goBack(before: ReadonlyMap<number, number>): Observable<boolean>
}
