import type { Step } from '../../scheduling/coroutine.js'
import { CheckpointError } from '../CheckpointError.js'
import { byUid } from '../CheckpointStates.js'
import type { JobShare } from '../JobShare.js'
import type { RestoredFile } from './CheckpointFile.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import type { AttemptEntry } from './storeKeys.js'

/** What can be read of attempts that have begun. */
export interface AttemptReader {
  /**
   * The newest checkpoint of an attempt with an id below `before`, or else what it started from. `checkpoint: null` is a fresh start;
   * undefined: the attempt has none.
   */
  newest(attempt: AttemptEntry, before: number): Generator<Step, RestoredFile | undefined>
  /** What all subtasks of a new parallelism start from: the same for all, whoever computes it first. */
  rescaled(
    newestFormer: AttemptEntry,
    parallelism: number,
    whole: () => Generator<Step, RestoredFile>,
  ): Generator<Step, RestoredFile>
}

/** Checkpoints that do not count: by subtask of a job with this parallelism, those from an id on. */
export interface RestoreBounds {
  readonly parallelism: number
  readonly before: ReadonlyMap<number, number>
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
 * Reads only what is needed: a damaged file of an attempt that others have long taken over from is in nobody's way.
 *
 * Throws `Rescale` when the parallelism was changed, and changed again before every subtask had a checkpoint: those that had none
 * are the only ones who know which part of the former states is theirs.
 *
 * @param begun newest first
 */
export function* restoredFor(
  { parallelism, subtasks }: JobShare,
  begun: readonly AttemptEntry[],
  reader: AttemptReader,
  bounds?: RestoreBounds,
): Generator<Step, RestoredFile> {
  const other = begun.findIndex(({ share }) => share.parallelism !== parallelism)
  const current = other < 0 ? begun : begun.slice(0, other)
  const former = other < 0 ? [] : begun.slice(other)
  const files: (RestoredFile | undefined)[] = []
  for (const subtask of subtasks) files.push(yield* newestOf(current, subtask, reader, bounds))
  const whole = files.includes(undefined) ? yield* wholeOf(former, parallelism, reader, bounds) : nothing
  return combine(
    parallelism,
    subtasks.map((subtask, index) => partOf(files[index] ?? whole, subtask, parallelism)),
    subtasks,
  )
}

const nothing: RestoredFile = { from: null, checkpoint: null }

/** The newest checkpoint that a subtask has left in these attempts, or what it started from. */
export function* newestOf(
  attempts: readonly AttemptEntry[],
  subtask: number,
  reader: Pick<AttemptReader, 'newest'>,
  bounds?: RestoreBounds,
): Generator<Step, RestoredFile | undefined> {
  for (const attempt of attempts) {
    if (!attempt.share.subtasks.includes(subtask)) continue
    const bounded = bounds?.parallelism === attempt.share.parallelism
    const file = yield* reader.newest(attempt, (bounded ? bounds.before.get(subtask) : undefined) ?? Infinity)
    if (file !== undefined) return file
  }
  return undefined
}

/** All that the subtasks of the former parallelism have left. */
function* wholeOf(
  former: readonly AttemptEntry[],
  parallelism: number,
  reader: AttemptReader,
  bounds: RestoreBounds | undefined,
): Generator<Step, RestoredFile> {
  const [newest] = former
  if (newest === undefined) return nothing
  const all = { parallelism: newest.share.parallelism, subtasks: upTo(newest.share.parallelism) }
  return yield* reader.rescaled(newest, parallelism, () => restoredFor(all, former, reader, bounds))
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n)

const partOf = (file: RestoredFile, subtask: number, parallelism: number): Part => {
  const { checkpoint } = file
  if (checkpoint === null) return { _tag: 'Nothing' }
  return checkpoint.parallelism === parallelism
    ? { _tag: 'Own', subtask, file, checkpoint }
    : { _tag: 'Whole', file, checkpoint }
}

const combine = (parallelism: number, parts: readonly Part[], subtasks: readonly number[]): RestoredFile => {
  const own = parts.flatMap((part) => (part._tag === 'Own' ? [part] : []))
  const whole = parts.flatMap((part) => (part._tag === 'Whole' ? [part] : []))
  const [first] = own.length > 0 ? own : whole
  if (first === undefined) return nothing
  if (own.length > 0 && whole.length > 0)
    throw halfRescaled(
      parallelism,
      subtasks.filter((_, index) => parts[index]?._tag === 'Whole'),
    )
  const files = [...own, ...whole].map(({ file }) => file.from)
  const checkpoints = [...new Set([...own, ...whole].map(({ checkpoint }) => checkpoint))]
  return {
    from: [...new Set(files)].join(', '),
    checkpoint: {
      ...first.checkpoint,
      checkpointId: Math.max(...checkpoints.map(({ checkpointId }) => checkpointId)),
      timestamp: Math.max(...checkpoints.map(({ timestamp }) => timestamp)),
      states: own.length > 0 ? statesOf(own) : first.checkpoint.states,
      committed: byUidMerged(checkpoints.map(({ committed }) => committed)),
      prepared: own.length > 0 ? preparedOf(own) : first.checkpoint.prepared,
    },
  }
}

const statesOf = (parts: readonly (Part & { readonly _tag: 'Own' })[]): StoredCheckpoint['states'] =>
  byUid(
    parts.flatMap(({ subtask, checkpoint }) =>
      Object.entries(checkpoint.states).flatMap(([uid, states]) => {
        const state = states[subtask]
        return state === undefined || state === null ? [] : [{ uid, subtaskIndex: subtask, state }]
      }),
    ),
  )

const preparedOf = (parts: readonly (Part & { readonly _tag: 'Own' })[]): StoredCheckpoint['prepared'] => {
  const prepared = byUidMerged(
    parts.map(({ subtask, checkpoint }) =>
      Object.fromEntries(
        Object.entries(checkpoint.prepared ?? {}).map(([uid, transactions]) => [
          uid,
          transactions.filter(({ subtaskIndex }) => subtaskIndex === subtask),
        ]),
      ),
    ),
  )
  return Object.keys(prepared).length === 0 ? undefined : prepared
}

/** The lists of all records, put together by uid, each entry once. */
const byUidMerged = <A>(
  records: readonly Readonly<Record<string, readonly A[]>>[],
): Readonly<Record<string, readonly A[]>> => {
  const merged = new Map<string, ReadonlySet<A>>()
  for (const record of records)
    for (const [uid, entries] of Object.entries(record))
      merged.set(uid, new Set([...(merged.get(uid) ?? []), ...entries]))
  return Object.fromEntries([...merged].map(([uid, entries]) => [uid, [...entries]]))
}

const halfRescaled = (parallelism: number, subtasks: readonly number[]): CheckpointError =>
  new CheckpointError(
    'Rescale',
    `The job was rescaled to parallelism ${parallelism}, but subtask ${subtasks.join(', ')} has not taken over its part: it has no ` +
      `checkpoint since. Run these with parallelism ${parallelism}, in processes apart from the others, until each has a checkpoint; then ` +
      'change the parallelism, or which process runs which subtask.',
    { retriable: false },
  )
