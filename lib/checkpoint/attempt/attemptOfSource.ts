import type { Observable } from 'rxjs'
import { CheckpointError } from '../CheckpointError.js'
import type { CheckpointingInfo } from '../../stream/Restored.js'
import type { JoinedSource } from './JoinedSource.js'
import { nameOf } from '../SubtaskKey.js'
import type { RestoredState } from '../recovery/RestoredState.js'
import type { RunningCheckpoint } from './RunningCheckpoint.js'
import type { CheckpointRequest, SourceAttempt } from '../SourceAttempt.js'
import type { TwoPhaseRecovery } from '../recovery/TwoPhaseRecovery.js'

/** What a source's part in an attempt is made of. */
export interface AttemptContext {
  readonly checkpointing: CheckpointingInfo
  readonly restored: RestoredState
  readonly recovery: TwoPhaseRecovery | undefined
  readonly active: boolean
  readonly heldSince: number | undefined
  /** A part of the pipeline begins; what is returned says that it has. */
  beginning(): () => void
  markCommitted(uid: string, ids: readonly string[]): Observable<void>
  /** The checkpoint that a request belongs to, also when it is aborted by now: its barrier passes without effect. */
  checkpointOf(request: CheckpointRequest): RunningCheckpoint | undefined
  /** The standing of the source has changed. */
  changed(): void
  leave(): void
}

/** Makes one source's part in an attempt: see `SourceAttempt` for the contract. */
export const attemptOfSource = (joined: JoinedSource, context: AttemptContext): SourceAttempt => {
  const { source } = joined
  const { restored, recovery } = context
  const barriers = (request: CheckpointRequest, state: unknown, parts: number) => {
    joined.withdraw(request.checkpointId)
    const checkpoint = context.checkpointOf(request)
    if (checkpoint !== undefined) return checkpoint.barriers(source, state, parts)
    throw new CheckpointError(
      'IllegalState',
      `${nameOf(source)} answered a request that it did not get from pending().`,
    )
  }
  return {
    restored: {
      kind: 'restored',
      checkpointId: restored.checkpointId,
      subtask: { subtaskIndex: source.subtaskIndex, parallelism: source.parallelism },
      checkpointing: context.checkpointing,
      stateOf: (uid) => restored.stateOf(uid, source.subtaskIndex),
      beginning: () => context.beginning(),
      twoPhaseCommit: recovery && { join: (uid, name) => recovery.join(uid, name, source.subtaskIndex) },
      statesOf: (uid) => restored.statesOf(uid, source.subtaskIndex),
      committedOf: (uid) => restored.committedOf(uid),
      markCommitted: (uid, ids) => context.markCommitted(uid, ids),
      requestEnd: () => source.requestEnd?.(),
    },
    ready: () => {
      joined.ready = true
      context.changed()
    },
    get active() {
      return context.active
    },
    get heldSince() {
      return context.heldSince
    },
    pending: () => joined.requests[0],
    barrier: (request, state) => barriers(request, state, 1)[0]!,
    barriers,
    requestFinalCheckpoint: () => {
      joined.ready = true
      joined.finishing = true
      context.changed()
    },
    failed$: joined.failed$,
    leave: () => context.leave(),
  }
}
