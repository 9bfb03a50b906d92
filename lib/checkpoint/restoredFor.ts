import { chain, type Either, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { AttemptClaim } from './AttemptOrder.js'
import { CheckpointError } from './CheckpointError.js'
import type { RestoredFile } from './CheckpointFile.js'
import { byUid } from './CheckpointStates.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import type { JobShare } from './JobShare.js'

/** An attempt that has begun, with its newest checkpoint or, as long as it has none, what it started from. */
export interface FormerAttempt extends AttemptClaim {
  readonly newest: RestoredFile
}

/** What one subtask goes on from. */
type Part =
  | { readonly _tag: 'Nothing' }
  /** its own state */
  | {
      readonly _tag: 'Own'
      readonly subtask: number
      readonly file: RestoredFile
      readonly checkpoint: StoredCheckpoint
    }
  /** the whole job before the parallelism was changed, since it has no checkpoint of its own after that */
  | { readonly _tag: 'Whole'; readonly file: RestoredFile; readonly checkpoint: StoredCheckpoint }

/**
 * What a share of a job goes on from, of all that is in a store.
 *
 * - Each subtask from its own newest checkpoint, whichever processes the subtasks were in.
 * - Where the parallelism has changed, each from the newest checkpoints of all former subtasks, until it has one of its own.
 *
 * Left: the parallelism was changed, and changed again before every subtask had a checkpoint; those that had none are
 * the only ones who know which part of the former states is theirs.
 *
 * @param former newest first
 */
export const restoredFor = (
  { parallelism, subtasks }: JobShare,
  former: readonly FormerAttempt[],
): Either<CheckpointError, RestoredFile> => {
  const other = former.findIndex(({ share }) => share.parallelism !== parallelism)
  const current = other < 0 ? former : former.slice(0, other)
  const before = other < 0 ? [] : former.slice(other)
  const owners = subtasks.map((subtask) => current.find(({ share }) => share.subtasks.includes(subtask))?.newest)
  return pipe(
    owners.includes(undefined) ? wholeOf(before) : right(nothing),
    chain((whole) =>
      combine(
        parallelism,
        subtasks.map((subtask, index) => partOf(owners[index] ?? whole, subtask, parallelism)),
        subtasks,
      ),
    ),
  )
}

const nothing: RestoredFile = { from: null, checkpoint: null }

/** All that the subtasks of the former parallelism have left. */
const wholeOf = (former: readonly FormerAttempt[]): Either<CheckpointError, RestoredFile> => {
  const [newest] = former
  if (newest === undefined) return right(nothing)
  const { parallelism } = newest.share
  return restoredFor({ parallelism, subtasks: Array.from({ length: parallelism }, (_, n) => n) }, former)
}

const partOf = (file: RestoredFile, subtask: number, parallelism: number): Part => {
  const { checkpoint } = file
  if (checkpoint === null) return { _tag: 'Nothing' }
  return checkpoint.parallelism === parallelism
    ? { _tag: 'Own', subtask, file, checkpoint }
    : { _tag: 'Whole', file, checkpoint }
}

const combine = (
  parallelism: number,
  parts: readonly Part[],
  subtasks: readonly number[],
): Either<CheckpointError, RestoredFile> => {
  const own = parts.flatMap((part) => (part._tag === 'Own' ? [part] : []))
  const whole = parts.flatMap((part) => (part._tag === 'Whole' ? [part] : []))
  const [first] = own.length > 0 ? own : whole
  if (first === undefined) return right(nothing)
  if (own.length > 0 && whole.length > 0)
    return left(
      halfRescaled(
        parallelism,
        subtasks.filter((_, index) => parts[index]?._tag === 'Whole'),
      ),
    )
  const files = [...own, ...whole].map(({ file }) => file.from)
  const checkpoints = [...new Set([...own, ...whole].map(({ checkpoint }) => checkpoint))]
  return right({
    from: [...new Set(files)].join(', '),
    checkpoint: {
      ...first.checkpoint,
      checkpointId: Math.max(...checkpoints.map(({ checkpointId }) => checkpointId)),
      timestamp: Math.max(...checkpoints.map(({ timestamp }) => timestamp)),
      states: own.length > 0 ? statesOf(own) : first.checkpoint.states,
      committed: committedIn(checkpoints),
    },
  })
}

const statesOf = (parts: readonly (Part & { readonly _tag: 'Own' })[]): StoredCheckpoint['states'] =>
  byUid({
    all: parts.flatMap(({ subtask, checkpoint }) =>
      Object.entries(checkpoint.states).flatMap(([uid, states]) => {
        const state = states[subtask]
        return state === undefined || state === null ? [] : [{ uid, subtaskIndex: subtask, state }]
      }),
    ),
    carried: new Set(),
  })

const committedIn = (checkpoints: readonly StoredCheckpoint[]): StoredCheckpoint['committed'] => {
  const committed = new Map<string, ReadonlySet<string>>()
  for (const checkpoint of checkpoints)
    for (const [uid, ids] of Object.entries(checkpoint.committed))
      committed.set(uid, new Set([...(committed.get(uid) ?? []), ...ids]))
  return Object.fromEntries([...committed].map(([uid, ids]) => [uid, [...ids]]))
}

const halfRescaled = (parallelism: number, subtasks: readonly number[]): CheckpointError =>
  new CheckpointError(
    'Rescale',
    `The job was rescaled to parallelism ${parallelism}, but subtask ${subtasks.join(', ')} has not taken over its part: it has no ` +
      `checkpoint since. Run these with parallelism ${parallelism}, in processes apart from the others, until each has a checkpoint; then ` +
      'change the parallelism, or which process runs which subtask.',
    { retriable: false },
  )
