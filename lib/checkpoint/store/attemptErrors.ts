import { CheckpointError } from '../CheckpointError.js'

export const superseded = (attempt: string, newer: string): CheckpointError =>
  new CheckpointError(
    'Superseded',
    `${attempt} has been superseded by ${newer} of the same job, so what it writes does not count. Two ` +
      'processes run the same subtasks on one store, or this one was believed dead and is replaced: end it.',
  )

export const stillRunning = (parallelism: number, running: readonly string[]): CheckpointError =>
  new CheckpointError(
    'Rescale',
    `The job cannot start with parallelism ${parallelism}: it still runs with another one (${running.join(', ')}). ` +
      'Stop all its processes first, best by stopWithSavepoint.',
  )

/**
 * Another attempt of the same job ran on, since this one took too long to begin.
 *
 * @param patience how long in ms it waits at most
 */
export const notTakenOver = (attempt: string, patience: number): CheckpointError =>
  new CheckpointError(
    'NotTakenOver',
    `${attempt} has not taken over: another process of this job runs, and did not wait longer for this one to begin (its sources to find their ` +
      `topics, its sinks to connect). It waits for ${patience} ms, or for half of its checkpoint timeout if that is less. A retry tries again; ` +
      'where starts take longer than that, raise the timeout of the checkpoints, or stop the process that runs.',
  )

/** Of two that were about to take over, the newer one goes first, and this one has failed as well. */
export const givenWay = (attempt: string, newer: string): CheckpointError =>
  new CheckpointError(
    'NotTakenOver',
    `${attempt} has not taken over: ${newer} of the same job was started later and was to take over instead, and has not. A retry tries again.`,
  )

export const storeLost = (attempt: string): CheckpointError =>
  new CheckpointError(
    'StoreLost',
    `The checkpoint store no longer knows ${attempt}, which this process runs or ran: its directory was emptied, replaced or rolled ` +
      'back to an older copy. Going on from what is there now could write records a second time. Put the store back as it was; or, if ' +
      'beginning from what is there is what you want, start the process anew.',
  )
