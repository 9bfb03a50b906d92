import type { StoredCheckpoint } from './CheckpointStore.js'
import type { AttemptClaim } from './AttemptOrder.js'
import type { AttemptEntry } from './storeKeys.js'

/** The oldest checkpoint of which a transaction is not known to be committed; undefined when all are. */
export const oldestUncommitted = ({
  prepared = {},
  committed,
}: Pick<StoredCheckpoint, 'prepared' | 'committed'>): number | undefined => {
  const open = Object.entries(prepared).flatMap(([uid, transactions]) =>
    transactions.filter(({ id }) => committed[uid]?.includes(id) !== true).map(({ checkpointId }) => checkpointId),
  )
  return open.length === 0 ? undefined : Math.min(...open)
}

/**
 * Whether any of these checkpoints says that a transaction of the subtask, prepared after `base`, is committed. A mark may stand in a
 * later checkpoint than the transaction.
 */
export const committedAfter = (base: number, subtask: number, since: readonly StoredCheckpoint[]): boolean => {
  const marked = new Map<string, Set<string>>()
  for (const { committed } of since)
    for (const [uid, ids] of Object.entries(committed)) marked.set(uid, new Set([...(marked.get(uid) ?? []), ...ids]))
  return since.some(({ prepared = {} }) =>
    Object.entries(prepared).some(([uid, transactions]) =>
      transactions.some(
        ({ id, checkpointId, subtaskIndex }) =>
          checkpointId > base && subtaskIndex === subtask && marked.get(uid)?.has(id) === true,
      ),
    ),
  )
}

/**
 * The checkpoints of an attempt that are not needed any more. Kept are the newest two, and the newest one from before the oldest
 * transaction that is not known to be committed: should that one turn out to be dead, the job goes back to it and loses nothing.
 *
 * @param ids newest first
 */
export const obsoleteCheckpoints = (ids: readonly number[], newest: StoredCheckpoint): readonly number[] => {
  const oldest = oldestUncommitted(newest)
  const base = oldest === undefined ? -1 : ids.findIndex((id) => id < oldest)
  // Without a base among them all are kept: what is older belongs to the attempt before.
  const kept = oldest === undefined ? 2 : base < 0 ? ids.length : Math.max(2, base + 1)
  return ids.slice(kept)
}

/**
 * Whether an attempt can go back to before its oldest uncommitted transaction without the attempts before it.
 *
 * @param restoredId the checkpoint that it started from; undefined at a fresh start
 * @param ids its own checkpoints
 */
export const standsAlone = (
  newest: Pick<StoredCheckpoint, 'prepared' | 'committed'>,
  restoredId: number | undefined,
  ids: readonly number[],
): boolean => {
  const oldest = oldestUncommitted(newest)
  return oldest === undefined || restoredId === undefined || restoredId < oldest || ids.some((id) => id < oldest)
}

/**
 * Of the attempts that a new one takes over from, those that have left nothing: no checkpoint, and no transaction. What they started
 * from, the new one has started from as well. A job that dies again and again at its start does not pile them up.
 *
 * @param own the new attempt, which has begun
 */
export const emptyAttempts = (own: AttemptClaim, older: readonly AttemptEntry[]): readonly AttemptEntry[] =>
  older.filter(
    ({ share, checkpointIds, hasSinks, unrecorded }) =>
      checkpointIds.length === 0 &&
      !hasSinks &&
      !unrecorded &&
      share.parallelism === own.share.parallelism &&
      share.subtasks.every((subtask) => own.share.subtasks.includes(subtask)),
  )

/**
 * The attempts that nobody will restore from any more, and whose transactions have been ended.
 *
 * - Of the newest parallelism: those whose subtasks all have a newer attempt that is settled.
 * - Of former ones: all, when every subtask of the newest has a settled attempt with a checkpoint of its own.
 *
 * The newest attempt stays, whatever it is: it carries the highest number.
 *
 * @param attempts newest first
 */
export const obsoleteAttempts = (attempts: readonly AttemptEntry[]): readonly AttemptEntry[] => {
  const parallelism = attempts.find(({ begun }) => begun)?.share.parallelism
  const taken = new Set<number>()
  const rescaled = new Set<number>()
  let current = true
  return attempts.filter(({ share, begun, settled, checkpointIds }, index) => {
    if (begun) current &&= share.parallelism === parallelism
    const obsolete = current
      ? share.parallelism === parallelism && share.subtasks.every((subtask) => taken.has(subtask))
      : rescaled.size === parallelism
    if (current && begun && settled)
      for (const subtask of share.subtasks) {
        taken.add(subtask)
        if (checkpointIds.length > 0) rescaled.add(subtask)
      }
    return obsolete && index > 0
  })
}
