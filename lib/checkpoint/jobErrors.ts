import { CheckpointError, isCheckpointError, reasonOf } from './CheckpointError.js'
import type { CompletedCheckpoint } from './CompletedCheckpoint.js'
import { nameOf, type SubtaskKey } from './SubtaskKey.js'

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

/** For the other sources of a job of which one cannot begin. */
export const cannotBegin = (cause: unknown): CheckpointError =>
  new CheckpointError(
    'SourceLeft',
    `A source of this job cannot begin, and the others end with it: ${reasonOf(cause)}`,
    {
      cause,
    },
  )

export const leftEarly = (source: SubtaskKey): CheckpointError =>
  new CheckpointError(
    'SourceLeft',
    `${nameOf(source)} left before its end. The sources of a job share their checkpoints and start together, so the others ` +
      'end with it. Sources that should live by themselves need a coordinator and a store of their own.',
  )

export const sinkLeft = ({
  name,
  subtaskIndex,
}: {
  readonly name: string
  readonly subtaskIndex: number
}): CheckpointError =>
  new CheckpointError(
    'SinkLeft',
    `The sink of transactional id prefix "${name}" (subtask ${subtaskIndex}) left the job before it had committed or aborted ` +
      'its prepared transactions of the restored checkpoint. To go on without it could lose their records, so the attempt ends, and ' +
      'nothing is lost: a retry, or the next start, decides about them again. A sink leaves when its part of the pipeline is unsubscribed from, completes or fails.',
  )

export const nonRestored = (uids: readonly string[]): CheckpointError =>
  new CheckpointError(
    'NonRestoredState',
    `The restored checkpoint holds state of ${uids.map((uid) => `"${uid}"`).join(', ')}, which no part of this job has ` +
      'asked for: a uid has changed, a part of the job is gone, or it starts later than the first checkpoint. Give it back ' +
      'its uid, or set allowNonRestoredState to drop that state.',
  )

/** @param transactions by uid */
export const preparedNonRestored = (
  transactions: readonly { readonly uid: string; readonly ids: readonly string[] }[],
): CheckpointError =>
  new CheckpointError(
    'NonRestoredState',
    `The restored checkpoint holds prepared transactions that no sink of this job could commit: ${transactions
      .map(({ uid, ids }) => `${ids.join(', ')} of "${uid}"`)
      .join(
        '; ',
      )}. Going on would lose their records, so allowNonRestoredState does not apply to them. Start the job once with that ` +
      'sink as it was (its uid, or its transactional id prefix, which is in the default uid), until a checkpoint has completed.',
  )

/** @param stopped the job's last checkpoint */
export const commitsFailed = (uid: string, stopped: CompletedCheckpoint | undefined, cause: unknown): CheckpointError =>
  new CheckpointError(
    'StopFailed',
    `The job has ended, and ${stopped?.savepoint === true ? 'savepoint' : 'checkpoint'} ${stopped?.checkpointId} is stored, but "${uid}" could not ` +
      `commit its last transactions: ${reasonOf(cause)} The next start from this checkpoint commits them, if it comes within ` +
      'transaction.timeout.ms.',
    { cause },
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
