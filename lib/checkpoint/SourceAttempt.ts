import type { Observable } from 'rxjs'
import type { CheckpointBarrier, EndOfStream } from '../stream/CheckpointBarrier.js'
import type { Restored } from '../stream/Restored.js'

/** A source that joins a coordinator. */
export interface CheckpointedSource {
  /** The key of its state; a duplicate (with the same subtask) is an error. */
  readonly uid: string
  /** From 0 to `parallelism - 1`. Its state is restored by this number. */
  readonly subtaskIndex: number
  /** Of the whole job, over all processes: the same for all sources of a job. */
  readonly parallelism: number
  /**
   * Completes when the source can begin, because it has reached what it reads from; errors when it cannot. Until then the attempt does not
   * take over from the one that runs. Subscribed to once.
   */
  prepare?(): Observable<unknown>
  /** Something was asked of the source: look at `pending()` from its loop. Called at any time; must only set a flag. */
  wake(): void
  /** The pipeline asks it to end as a bounded source does (`Restored.requestEnd`). Called at any time; must only set a flag. */
  requestEnd?(): void
  /** Who waits in the pipeline behind it, as sentences: for the error of a checkpoint that is not acknowledged in time. */
  waiting?(): readonly string[]
}

/** What the coordinator asks of a source. */
export interface CheckpointRequest {
  /** Of the checkpoint that is asked for; the barrier that answers carries it. */
  readonly checkpointId: number
  /** `drain` and `suspend` come from `stopWithSavepoint`; `finished` answers `requestFinalCheckpoint`. */
  readonly end?: EndOfStream | undefined
}

/**
 * One source's part in one attempt. The source's only way to the coordinator, and the coordinator's to it.
 *
 * 1. `join` restores and emits this; the source emits `restored` first.
 * 2. Its starting offsets resolved, the source calls `ready`: the first checkpoint is triggered at once.
 * 3. Whenever `pending()` has a request (looked at between two records, after `next()` has returned), the source notes its
 *    positions and calls `barrier` in the same turn, and emits what it returns.
 * 4. A bounded source that is done, or one that was asked to end, calls `requestFinalCheckpoint` and goes on answering
 *    `pending()`; it emits the barrier with `end`, waits for its outcome, and completes when it is `completed`; when it is
 *    `aborted`, another request with the same `end` follows by itself. It subscribes to the outcome after it has emitted the
 *    barrier, so that the sink, which commits on it, hears of it first.
 * 5. `leave` on teardown, whatever the cause. The last one to leave ends the attempt and aborts what is pending.
 */
export interface SourceAttempt {
  /** The first element that the source emits, with the state of its subtask. */
  readonly restored: Restored
  /** The source knows where it starts. When all sources that joined have called it, the first checkpoint may begin. */
  ready(): void
  /**
   * Whether the source may emit records. Not before this attempt has taken over from another process that may be running: that one
   * still does. Where checkpoints start by themselves, not before the source was asked for its first one either: its barrier comes
   * before the first record. And, with an exactly-once sink, not before a checkpoint of this parallelism holds a state of the source, be it
   * the restored one: there must be one from before each transaction, whatever becomes of the first. It is woken when that changes.
   */
  readonly active: boolean
  /** Since when records wait for nothing but a checkpoint that is stored, in ms of the monotonic clock; undefined when they do not. */
  readonly heldSince: number | undefined
  /**
   * The oldest request that is not answered and not aborted; undefined without one. The same until `barrier` or `barriers` answers it.
   */
  pending(): CheckpointRequest | undefined
  /** Answers a request: hands over the source's state and makes the barrier to emit. */
  barrier(request: CheckpointRequest, state: unknown): CheckpointBarrier
  /** The same for unmerged splits: one barrier for each; the checkpoint is acknowledged when all of them are. */
  barriers(request: CheckpointRequest, state: unknown, parts: number): readonly CheckpointBarrier[]
  /** The source has no more records: it asks for the checkpoint that it ends with. `ready` is implied. */
  requestFinalCheckpoint(): void
  /** The coordinator has given up (too many failures, store broken): the source errors with it. Emits at most once. */
  readonly failed$: Observable<Error>
  /**
   * The source is gone. Before its final checkpoint is complete, while others run, this fails the attempt (`SourceLeft`). A second call
   * has no effect.
   */
  leave(): void
}
