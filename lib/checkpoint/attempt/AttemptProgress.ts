import { type CheckpointStates, type State, withCarried } from '../CheckpointStates.js'

/** How far an attempt has come with its checkpoints. A value. */
export interface AttemptProgress {
  /** of the newest that was started; at first, of the one restored */
  readonly lastId: number
  /** one of this attempt's own has completed */
  readonly completed: boolean
  /** failures since then */
  readonly failures: number
  /** what subtasks that have finished left: each checkpoint carries it on */
  readonly carried: CheckpointStates
  /** a subtask has finished: from here on the last states of all are kept, since any of them may be next */
  readonly carries: boolean
}

export const noProgress = (lastId: number, carried: CheckpointStates): AttemptProgress => ({
  ...{ lastId, completed: false, failures: 0 },
  ...{ carried, carries: carried.all.length > 0 },
})

export const withFailure = (progress: AttemptProgress): AttemptProgress => ({
  ...progress,
  failures: progress.failures + 1,
})

/** @param ending a source ends with it */
export const withCompleted = (
  progress: AttemptProgress,
  { states, ending }: { readonly states: readonly State[]; readonly ending: boolean },
): AttemptProgress => {
  const carries = progress.carries || ending
  const carried = carries ? withCarried(progress.carried, states) : progress.carried
  return { ...progress, completed: true, failures: 0, carries, carried }
}
