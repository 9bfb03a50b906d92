import { isLeft } from 'fp-ts/lib/Either.js'
import { isObservable, type Observable, ReplaySubject, Subscription, take } from 'rxjs'
import type { CheckpointBarrier, CheckpointOutcome } from '../../stream/CheckpointBarrier.js'
import type { PreparedTransactionId } from '../../stream/TwoPhaseCommit.js'
import { CheckpointError, isCheckpointError, isFatal, reasonOf } from '../CheckpointError.js'
import { canAbort, type CheckpointPhase, enterPhase } from './CheckpointPhase.js'
import {
  acknowledged,
  announced,
  delivered,
  deliveredStates,
  isComplete,
  missing,
  type PendingCheckpoint,
  pendingCheckpoint,
  type PendingFault,
  sent,
} from './PendingCheckpoint.js'
import type { SubtaskKey } from '../SubtaskKey.js'
import type { State } from '../CheckpointStates.js'
import type { CheckpointTicket } from './CheckpointTicket.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'
import type { CheckpointedSource, CheckpointRequest } from '../SourceAttempt.js'
import { invalidState, toStored } from '../storedState.js'
import type { StoredCheckpoint } from '../store/CheckpointStore.js'

/** Whom a running checkpoint tells. None of these is called but to set a flag: a barrier is acknowledged inside of `next()`. */
export interface RunningCheckpointListener {
  /** Everything is in: it can be stored. */
  onComplete(): void
  /** This checkpoint cannot complete. */
  onFailure(checkpoint: RunningCheckpoint, error: CheckpointError): void
  /** The program is wrong, whatever becomes of this checkpoint. */
  onMisuse(error: PendingFault): void
}

/** Where the sinks tell what has become of the transactions of a completed checkpoint. */
export interface CommitMarks {
  markCommitted(uid: string, ids: readonly string[]): Observable<void>
  commitFailed(uid: string, error: unknown): void
}

/** One checkpoint on its way: makes its barriers, and gathers what comes back. */
export class RunningCheckpoint {
  /** What ends with it: its time-out, the states it waits for, the write. */
  readonly work = new Subscription()
  /** It is kept when others are subsumed. */
  savepoint = false
  /** The transactions that its completion commits, once it is stored. */
  prepared: StoredCheckpoint['prepared']
  readonly outcome$: Observable<CheckpointOutcome>
  private readonly outcome = new ReplaySubject<CheckpointOutcome>(1)
  private currentPhase: CheckpointPhase = 'triggered'
  private pending: PendingCheckpoint

  constructor(
    readonly checkpointId: number,
    /** `timestamp`: ms since the epoch; `monotonic`: for its duration */
    readonly startedAt: { readonly timestamp: number; readonly monotonic: number },
    /** every source that takes part, and why nothing follows its barrier */
    readonly requests: ReadonlyMap<CheckpointedSource, CheckpointRequest>,
    private readonly listener: RunningCheckpointListener,
    /** who asked for it with `trigger()` */
    private readonly ticket?: CheckpointTicket | undefined,
  ) {
    this.outcome$ = this.outcome.asObservable()
    this.pending = pendingCheckpoint([...requests.keys()])
  }

  get phase(): CheckpointPhase {
    return this.currentPhase
  }

  /** A source ends with it. */
  get ending(): boolean {
    return [...this.requests.values()].some(({ end }) => end !== undefined)
  }

  /** Every source that takes part ends with it. */
  get last(): boolean {
    return [...this.requests.values()].every(({ end }) => end !== undefined)
  }

  /** By name, what has not come yet. */
  get missing(): readonly string[] {
    return missing(this.pending)
  }

  /** Everything is in, and the store has not been asked yet. */
  get acknowledged(): boolean {
    return this.phase === 'triggered' && isComplete(this.pending)
  }

  get states(): readonly State[] {
    return deliveredStates(this.pending)
  }

  enter(phase: 'acknowledged' | 'stored'): void {
    this.currentPhase = enterPhase(this.currentPhase, phase)
  }

  /** Hands over the source's state and makes its barriers. */
  barriers(source: CheckpointedSource, state: unknown, parts: number): readonly CheckpointBarrier[] {
    this.apply(sent(this.pending, source, parts))
    this.snapshot({ uid: source.uid, subtaskIndex: source.subtaskIndex }, state)
    return Array.from({ length: parts }, (_, part) => this.barrier(source, part))
  }

  /** Tells everyone: durable. */
  complete(completed: CompletedCheckpoint, marks: CommitMarks): void {
    this.currentPhase = enterPhase(this.currentPhase, 'completed')
    this.work.unsubscribe()
    this.tell({
      _tag: 'completed',
      checkpointId: this.checkpointId,
      markCommitted: (uid, ids) => marks.markCommitted(uid, ids),
      commitFailed: (uid, error) => {
        marks.commitFailed(uid, error)
      },
    })
    this.ticket?.resolve(completed)
  }

  /** Gives up; false when it is too late for that. The outcome is told by `tellAborted`, in a turn of its own. */
  abort(): boolean {
    if (!canAbort(this.phase)) return false
    this.currentPhase = enterPhase(this.currentPhase, 'aborted')
    this.work.unsubscribe()
    return true
  }

  tellAborted(error: Error): void {
    this.tell({ _tag: 'aborted', checkpointId: this.checkpointId, reason: error.message })
    this.ticket?.reject(error)
  }

  private tell(outcome: CheckpointOutcome): void {
    this.outcome.next(outcome)
    this.outcome.complete()
  }

  private barrier(source: CheckpointedSource, part: number): CheckpointBarrier {
    return {
      kind: 'barrier',
      checkpointId: this.checkpointId,
      end: this.requests.get(source)?.end,
      snapshot: (uid, state, prepared) => this.snapshot({ uid, subtaskIndex: source.subtaskIndex }, state, prepared),
      acknowledge: () => this.acknowledge(source, part),
      outcome$: this.outcome$,
    }
  }

  /** Throws, as every second acknowledgement does; and ends the job, whatever becomes of what was thrown. */
  private acknowledge(source: CheckpointedSource, part: number): void {
    const step = acknowledged(this.pending, source, part)
    this.apply(step)
    if (isLeft(step)) throw step.left
  }

  private snapshot(owner: SubtaskKey, state: unknown, prepared?: readonly PreparedTransactionId[]): void {
    if (this.phase === 'aborted') return
    if (this.phase !== 'triggered')
      return this.listener.onMisuse(
        new CheckpointError(
          'IllegalState',
          `"${owner.uid}" handed over a state for checkpoint ${this.checkpointId} after everything was acknowledged. ` +
            'A state is handed over as the barrier passes; announce it with an Observable when it takes longer.',
        ),
      )
    if (!isUid(owner.uid)) return this.listener.onMisuse(noUid(owner.uid))
    if (!this.apply(announced(this.pending, owner, prepared))) return
    if (!isObservable(state)) {
      this.deliver(owner, state)
      return
    }
    let arrived = false
    this.work.add(
      state.pipe(take(1)).subscribe({
        next: (value) => {
          arrived = true
          this.deliver(owner, value)
        },
        error: (cause: unknown) => this.snapshotFailed(owner, reasonOf(cause), cause),
        complete: () => {
          if (!arrived) this.snapshotFailed(owner, 'it completed without a value', undefined)
        },
      }),
    )
  }

  /** A state that could not be restored ends the job, whatever becomes of what an operator throws. */
  private deliver(owner: SubtaskKey, state: unknown): void {
    try {
      this.pending = delivered(this.pending, owner, toStored(owner.uid, state))
    } catch (cause) {
      return this.listener.onFailure(this, isCheckpointError(cause) ? cause : unreadable(owner.uid, cause))
    }
    if (this.acknowledged) this.listener.onComplete()
  }

  private snapshotFailed(owner: SubtaskKey, reason: string, cause: unknown): void {
    const message = `The state of "${owner.uid}" for checkpoint ${this.checkpointId} failed: ${reason}`
    this.listener.onFailure(this, new CheckpointError('SnapshotFailed', message, { cause, retriable: !isFatal(cause) }))
  }

  private apply(step: ReturnType<typeof sent>): boolean {
    if (isLeft(step)) {
      this.listener.onMisuse(step.left)
      return false
    }
    this.pending = step.right
    if (this.acknowledged) this.listener.onComplete()
    return true
  }
}

/** States are properties of an object, of which `__proto__` is one that would not be read again. */
const isUid = (uid: unknown): boolean => typeof uid === 'string' && uid !== '__proto__'

const noUid = (uid: unknown): CheckpointError =>
  new CheckpointError(
    'IllegalState',
    `A state was handed over for the uid ${String(uid)}. A uid is a text, the key of a state in checkpoints: set the option uid.`,
  )

const unreadable = (uid: string, cause: unknown): CheckpointError =>
  invalidState(uid, `it has thrown when it was read (${reasonOf(cause)}).`, cause)
