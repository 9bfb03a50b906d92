import type { CheckpointMetrics } from '../CheckpointMetrics.js'
import type { CheckpointStates } from '../CheckpointStates.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'
import type { JobShare } from '../JobShare.js'

/** Which attempt, and of which subtasks. */
export interface AttemptIdentity {
  readonly attemptId: string
  readonly share: JobShare
}

/** Subtasks that need not come back in the next attempt, and their last states, which its checkpoints carry on. */
export interface FinishedSubtasks {
  readonly subtasks: readonly number[]
  readonly states: CheckpointStates
}

/** Whom an attempt tells. */
export interface JobAttemptListener {
  /** Where checkpoints are measured, from one attempt to the next. */
  readonly metrics: CheckpointMetrics
  onBegun(identity: AttemptIdentity): void
  onCompleted(checkpoint: CompletedCheckpoint): void
  /** The job was stopped, but what its savepoint holds could not be committed: it must not run on by itself. */
  onStopFailed(error: Error): void
  /** The last source has left: once, and nothing follows. */
  onEnd(finished: FinishedSubtasks): void
}
