import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { StreamError } from '../../stream/StreamError.js'
import type { PreparedTransactionId } from '../../stream/TwoPhaseCommit.js'
import { CheckpointError } from '../CheckpointError.js'
import type { State } from '../CheckpointStates.js'
import { keyOf, nameOf, type SubtaskKey } from '../SubtaskKey.js'

type SourceProgress =
  { readonly _tag: 'Asked' } | { readonly _tag: 'Sent'; readonly unacknowledged: ReadonlySet<number> }

type Snapshot = { readonly _tag: 'Announced' } | { readonly _tag: 'Delivered'; readonly state: unknown }

/**
 * What a checkpoint still waits for: of each source its barriers (one, or one for each unmerged split), of each barrier its
 * acknowledgement, and every announced state. A value; each step makes the next one.
 */
export interface PendingCheckpoint {
  readonly sources: ReadonlyMap<string, SubtaskKey & { readonly progress: SourceProgress }>
  readonly snapshots: ReadonlyMap<
    string,
    SubtaskKey & { readonly snapshot: Snapshot; readonly prepared: readonly PreparedTransactionId[] }
  >
}

export type PendingFault = CheckpointError | StreamError

export const pendingCheckpoint = (sources: readonly SubtaskKey[]): PendingCheckpoint => ({
  sources: new Map(
    sources.map(({ uid, subtaskIndex }) => [
      keyOf({ uid, subtaskIndex }),
      { uid, subtaskIndex, progress: { _tag: 'Asked' } },
    ]),
  ),
  snapshots: new Map(),
})

/** The source has sent its barriers. */
export const sent = (
  pending: PendingCheckpoint,
  source: SubtaskKey,
  parts: number,
): Either<PendingFault, PendingCheckpoint> => {
  const entry = pending.sources.get(keyOf(source))
  if (entry?.progress._tag !== 'Asked')
    return left(
      new CheckpointError(
        'IllegalState',
        `${nameOf(source)} sent a barrier that it was not asked for, or sent it twice.`,
      ),
    )
  const unacknowledged = new Set(Array.from({ length: parts }, (_, part) => part))
  return right(withSource(pending, { ...entry, progress: { _tag: 'Sent', unacknowledged } }))
}

/** An end of the pipeline has acknowledged one of the source's barriers. */
export const acknowledged = (
  pending: PendingCheckpoint,
  source: SubtaskKey,
  part: number,
): Either<PendingFault, PendingCheckpoint> => {
  const entry = pending.sources.get(keyOf(source))
  if (entry?.progress._tag !== 'Sent' || !entry.progress.unacknowledged.has(part))
    return left(
      new StreamError(
        'AcknowledgedTwice',
        `A barrier of ${nameOf(source)} was acknowledged twice. Two ends share one stream; end it in branch(a, b), which ` +
          'acknowledges once, when both have.',
      ),
    )
  const unacknowledged = new Set(entry.progress.unacknowledged)
  unacknowledged.delete(part)
  return right(withSource(pending, { ...entry, progress: { _tag: 'Sent', unacknowledged } }))
}

/** A state will be handed over. */
export const announced = (
  pending: PendingCheckpoint,
  owner: SubtaskKey,
  prepared: readonly PreparedTransactionId[] = [],
): Either<PendingFault, PendingCheckpoint> =>
  pending.snapshots.has(keyOf(owner))
    ? left(
        new CheckpointError(
          'DuplicateUid',
          `Two states were handed over for the uid "${owner.uid}" (subtask ${owner.subtaskIndex}) in one checkpoint. Each part ` +
            'of a job with state needs a uid of its own: set the option uid.',
        ),
      )
    : right(withSnapshot(pending, { ...owner, snapshot: { _tag: 'Announced' }, prepared }))

/** An announced state is here. */
export const delivered = (pending: PendingCheckpoint, owner: SubtaskKey, state: unknown): PendingCheckpoint =>
  withSnapshot(pending, {
    ...owner,
    snapshot: { _tag: 'Delivered', state },
    prepared: pending.snapshots.get(keyOf(owner))?.prepared ?? [],
  })

/** By name, what has not come yet; nothing when the checkpoint can be stored. */
export const missing = (pending: PendingCheckpoint): readonly string[] => [
  ...[...pending.sources.values()].flatMap((source) => {
    if (source.progress._tag === 'Asked') return [`${nameOf(source)} has not sent its barrier`]
    const left = source.progress.unacknowledged.size
    return left === 0
      ? []
      : [`${left === 1 ? 'the barrier' : `${left} barriers`} of ${nameOf(source)} not acknowledged`]
  }),
  ...[...pending.snapshots.values()].flatMap(({ uid, subtaskIndex, snapshot }) =>
    snapshot._tag === 'Announced'
      ? [`the state of "${uid}" (subtask ${subtaskIndex}) announced but not handed over`]
      : [],
  ),
]

/** Whether everything is here: asked at every acknowledgement, so it makes no text. */
export const isComplete = (pending: PendingCheckpoint): boolean => {
  for (const { progress } of pending.sources.values())
    if (progress._tag === 'Asked' || progress.unacknowledged.size > 0) return false
  for (const { snapshot } of pending.snapshots.values()) if (snapshot._tag === 'Announced') return false
  return true
}

/** The states handed over so far. */
export const deliveredStates = (pending: PendingCheckpoint): readonly State[] =>
  [...pending.snapshots.values()].flatMap(({ uid, subtaskIndex, snapshot, prepared }) =>
    snapshot._tag === 'Delivered' ? [{ uid, subtaskIndex, state: snapshot.state, prepared }] : [],
  )

const withSource = (
  pending: PendingCheckpoint,
  entry: SubtaskKey & { readonly progress: SourceProgress },
): PendingCheckpoint => ({ ...pending, sources: new Map(pending.sources).set(keyOf(entry), entry) })

const withSnapshot = (
  pending: PendingCheckpoint,
  entry: SubtaskKey & { readonly snapshot: Snapshot; readonly prepared: readonly PreparedTransactionId[] },
): PendingCheckpoint => ({ ...pending, snapshots: new Map(pending.snapshots).set(keyOf(entry), entry) })
