import { isRetriable } from '../errors/isRetriable.js'
import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'

/**
 * What can go wrong with checkpoints.
 *
 * - `Timeout`: not everything was acknowledged, handed over and stored in time; the message names what is missing.
 * - `SnapshotFailed`: an announced state ended with an error, or without a value.
 * - `InvalidState`: a state cannot be written so that it can be read again; the message says whose it is, and where.
 * - `StoreFailed`: the store could not write or read.
 * - `Corrupt`: what is stored under its final name cannot be read.
 * - `UnknownVersion`: what is stored has a version that this release does not read: a newer one wrote it. It is not damaged.
 * - `Superseded`: a newer attempt has taken over; this one must not commit anything any more.
 * - `NotTakenOver`: another process of the same job ran on, since this one took too long to begin.
 * - `StoreLost`: the store has forgotten an attempt of this process: it was emptied, replaced or rolled back.
 * - `WentBack`: a prepared transaction is dead, so the job goes back to the checkpoint before it. A retry, or the next start, does.
 * - `Rescale`: the parallelism cannot be changed now: subtasks of the former one still run, or an earlier change is not through.
 * - `DuplicateUid`: two sources, or two states of one checkpoint, share a uid.
 * - `NonRestoredState`: the restored checkpoint holds state that no part of the job has asked for.
 * - `SourceLeft`: a source of the job left before its end, and the attempt ends with it.
 * - `SinkLeft`: a sink left before it had ended its prepared transactions of the restored checkpoint. A retry decides about them again.
 * - `Aborted`: the checkpoint was given up for a reason that is no failure, such as the end of the attempt.
 * - `StopFailed`: the job has ended with a stored checkpoint whose transactions could not be committed.
 * - `NotRunning`: nothing that could be checkpointed is running.
 * - `Stopping`: the job is stopped, or being stopped in another way.
 * - `IllegalState`: a call that does not fit the state it met; a mistake in the program.
 * - `Config`: settings that cannot work.
 */
export type CheckpointErrorTag =
  | 'Timeout'
  | 'SnapshotFailed'
  | 'InvalidState'
  | 'StoreFailed'
  | 'Corrupt'
  | 'UnknownVersion'
  | 'Superseded'
  | 'NotTakenOver'
  | 'StoreLost'
  | 'WentBack'
  | 'Rescale'
  | 'DuplicateUid'
  | 'NonRestoredState'
  | 'SourceLeft'
  | 'SinkLeft'
  | 'Aborted'
  | 'StopFailed'
  | 'NotRunning'
  | 'Stopping'
  | 'IllegalState'
  | 'Config'

/** A retry starts a new attempt from the last completed checkpoint: these it mends, or may mend. */
const retriableTags: ReadonlySet<CheckpointErrorTag> = new Set([
  'Timeout',
  'SnapshotFailed',
  'StoreFailed',
  'SourceLeft',
  'SinkLeft',
  'Aborted',
  'Rescale',
  'WentBack',
  'NotTakenOver',
])

/**
 * The one error class of checkpointing.
 *
 * @example
 * ```ts
 * source.elements({ checkpoints }).pipe(sinkTo(sink), restart()).subscribe({
 *   error: (error) => {
 *     if (error instanceof CheckpointError && error._tag === 'Superseded') console.error('Another process runs this job.')
 *   },
 * })
 * ```
 */
export class CheckpointError extends Error {
  static {
    recognizeAcrossCopies(this, 'CheckpointError')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'CheckpointError'
  /** Whether a new attempt may succeed; {@link restart} asks for it. It follows from `_tag`; of `SnapshotFailed` from its cause. */
  readonly retriable: boolean

  constructor(
    /** its kind */
    readonly _tag: CheckpointErrorTag,
    message: string,
    options: { readonly cause?: unknown; readonly retriable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retriable = options.retriable ?? retriableTags.has(_tag)
  }
}

export const isCheckpointError = (error: unknown): error is CheckpointError => error instanceof CheckpointError

/** Whether an error of any kind says of itself that a retry cannot mend it. */
export const isFatal = (error: unknown): boolean => !isRetriable(error)

/** What to quote of a foreign error. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
