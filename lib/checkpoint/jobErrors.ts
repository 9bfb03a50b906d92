import { CheckpointError, isCheckpointError, reasonOf } from './CheckpointError.js'
import { nameOf, type SubtaskKey } from './PendingCheckpoint.js'

export const storeFailed = (error: unknown): CheckpointError =>
  isCheckpointError(error)
    ? error
    : new CheckpointError('StoreFailed', `The checkpoint store failed: ${reasonOf(error)}`, { cause: error })

export const duplicateSource = ({ uid, subtaskIndex }: SubtaskKey): CheckpointError =>
  new CheckpointError(
    'DuplicateUid',
    `Two sources of one job have the uid "${uid}" (subtask ${subtaskIndex}), so their states could not be told apart. Set ` +
      'the option uid of one of them.',
  )

export const leftEarly = (source: SubtaskKey): CheckpointError =>
  new CheckpointError(
    'SourceLeft',
    `${nameOf(source)} left before its end. The sources of a job share their checkpoints and start together, so the others ` +
      'end with it. Sources that should live by themselves need a coordinator and a store of their own.',
  )

export const nonRestored = (uids: readonly string[]): CheckpointError =>
  new CheckpointError(
    'NonRestoredState',
    `The restored checkpoint holds state of ${uids.map((uid) => `"${uid}"`).join(', ')}, which no part of this job has ` +
      'asked for: a uid has changed, a part of the job is gone, or it starts later than the first checkpoint. Give it back ' +
      'its uid, or set allowNonRestoredState to drop that state.',
  )

/** @param waiting who waits in the pipelines, as sentences */
export const timedOut = (
  checkpointId: number,
  timeout: number,
  missing: readonly string[],
  waiting: readonly string[] = [],
): CheckpointError =>
  new CheckpointError(
    'Timeout',
    `Checkpoint ${checkpointId} took longer than ${timeout} ms: ` +
      (missing.length === 0
        ? 'the store has not written it.'
        : `${missing.join('; ')}. ${waiting.map((sentence) => `${sentence} `).join('')}A pipeline must end in sinkTo, recordsOnly or branch, which acknowledge; a slow sink needs ` +
          'a longer timeout.'),
  )

export const tooManyFailures = (last: CheckpointError, failures: number, tolerable: number): CheckpointError =>
  new CheckpointError(last._tag, `${last.message} Failures in a row: ${failures}; tolerableFailures is ${tolerable}.`, {
    cause: last,
  })
