import type { Observable } from 'rxjs'
import { acknowledgeOnce } from './acknowledgeOnce.js'
import type { PreparedTransactionId } from './TwoPhaseCommit.js'

/**
 * Why nothing follows a barrier. `finished`: a bounded source is done. `drain`: stopped, after the final watermark;
 * operators flush. `suspend`: stopped as it stands, to go on later from the savepoint; operators emit nothing more.
 */
export type EndOfStream = 'finished' | 'drain' | 'suspend'

/** The later notification of a checkpoint. */
export type CheckpointOutcome =
  | {
      readonly _tag: 'completed'
      readonly checkpointId: number
      /** Notes durably that these committables of `uid` are committed. Acts once per subscription. */
      markCommitted(uid: string, ids: readonly string[]): Observable<void>
      /** These committables of `uid` will not be committed by this attempt: a stop that waits for them fails. */
      commitFailed?(uid: string, error: unknown): void
    }
  | { readonly _tag: 'aborted'; readonly checkpointId: number; readonly reason: string }

/**
 * Everything before it belongs to this checkpoint, everything after does not.
 *
 * An operator with state calls `snapshot` as the barrier passes and then passes it on. The end of the pipeline calls
 * `acknowledge`, once, when all records before the barrier are as safe as its guarantee asks.
 */
export interface CheckpointBarrier {
  /** Tells it from other elements. */
  readonly kind: 'barrier'
  /** The same in all barriers of one checkpoint. Later ones are higher, and numbers may be left out. */
  readonly checkpointId: number
  /** Set on a final barrier: no record follows, but another final barrier does if this checkpoint is aborted. Undefined: the stream goes on. */
  readonly end?: EndOfStream | undefined
  /**
   * Hands over the state of `uid`: plain objects, arrays, texts, booleans, null, numbers (`NaN` and `Infinity` too) and
   * bigints. It is copied at once, so it may be changed afterwards. What JSON would change without a word (a `Map`, a
   * `Date`, an instance of a class, a function) ends the job with a `CheckpointError` `InvalidState` that says where it
   * is, since no later attempt could be restored from it: write such a state with a codec.
   *
   * An Observable announces it for later: the checkpoint waits for its value, and fails with its error. Two states of
   * one uid within a checkpoint are an error.
   *
   * @param prepared the transactions in that state which the completion of this checkpoint, or of one before, commits. The checkpoint
   * is kept until they are marked as committed, and a stop waits for that.
   */
  snapshot(uid: string, state: unknown, prepared?: readonly PreparedTransactionId[]): void
  /**
   * The records before it are safe. The checkpoint completes when all its barriers are acknowledged and its states handed over. A second
   * call throws a `StreamError` `AcknowledgedTwice`.
   */
  acknowledge(): void
  /** Emits once, `completed` or `aborted`, and completes; replays for late subscribers. */
  readonly outcome$: Observable<CheckpointOutcome>
}

/** What is different in a copy of a barrier. */
export type BarrierChange = Pick<CheckpointBarrier, 'acknowledge' | 'end'>

/** The same barrier, acknowledged in another way: a copy for a branch, or one barrier for those of several inputs. */
export function copyBarrier(barrier: CheckpointBarrier, { acknowledge, end }: BarrierChange): CheckpointBarrier {
  return {
    kind: 'barrier',
    checkpointId: barrier.checkpointId,
    end,
    snapshot: (uid, state, prepared) => {
      barrier.snapshot(uid, state, prepared)
    },
    acknowledge: acknowledgeOnce(`The barrier of checkpoint ${barrier.checkpointId}`, acknowledge),
    outcome$: barrier.outcome$,
  }
}
