import { type AttemptClaim, attemptName } from './AttemptOrder.js'
import { CheckpointError } from './CheckpointError.js'

export const superseded = (attempt: AttemptClaim, newer: AttemptClaim): CheckpointError =>
  new CheckpointError(
    'Superseded',
    `${attemptName(attempt)} has been superseded by ${attemptName(newer)} of the same job, so what it writes does not count. Two ` +
      'processes run the same subtasks on one store, or this one was believed dead and is replaced: end it.',
  )

export const stillRunning = (parallelism: number, running: readonly AttemptClaim[]): CheckpointError =>
  new CheckpointError(
    'Rescale',
    `The job cannot start with parallelism ${parallelism}: it still runs with another one (${running.map(attemptName).join(', ')}). ` +
      'Stop all its processes first, best by stopWithSavepoint.',
  )
