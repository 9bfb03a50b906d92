import type { RecoveryAction, RestoredTransaction } from '../../stream/TwoPhaseCommit.js'
import type { EarlierCheckpoint } from '../store/AttemptLedger.js'

/** How a subtask goes back. */
export interface WayBack {
  /** The first checkpoint id that no longer counts: a transaction of it is dead. */
  readonly before: number
  /** The checkpoint that it goes on from. */
  readonly base: number
}

/** By subtask, the checkpoints with a dead transaction, oldest first. */
export const deadCheckpoints = (
  transactions: readonly RestoredTransaction[],
): ReadonlyMap<number, readonly number[]> => {
  const found = new Map<number, readonly number[]>()
  for (const { standing, subtaskIndex, checkpointId } of transactions)
    if (standing === 'dead') found.set(subtaskIndex, [...(found.get(subtaskIndex) ?? []), checkpointId])
  return new Map([...found].map(([subtask, ids]) => [subtask, [...new Set(ids)].sort((a, b) => a - b)]))
}

/** Whether a subtask can go on from an earlier checkpoint: nothing after it is visible, which would come twice. */
export const leadsBack = (
  transactions: readonly RestoredTransaction[],
  subtask: number,
  base: EarlierCheckpoint | undefined,
): base is EarlierCheckpoint =>
  base !== undefined &&
  !base.committedAfter &&
  !transactions.some(
    ({ subtaskIndex, checkpointId, standing }) =>
      subtaskIndex === subtask && checkpointId > base.checkpointId && standing === 'committed',
  )

/**
 * Decides about the transactions that a restored checkpoint holds and that are not known to be committed.
 *
 * No record crosses subtasks, so each subtask is decided about by itself. One whose transactions all live commits them. One with a
 * dead transaction goes back to a checkpoint before it: the source reads those records again, and what is prepared after that
 * checkpoint is aborted, so nothing is lost or doubled. It cannot when no such checkpoint is left, or when a transaction after it
 * is committed already: its records would come twice. Then it goes back before the next dead one, and without any way back what lives
 * is committed, and what is dead is lost. What is dead and older than the checkpoint that it goes back to is decided about from there.
 *
 * @param waysBack by subtask, for those that go back: before the oldest dead one that it is possible for
 */
export const decideRecovery = (
  transactions: readonly RestoredTransaction[],
  waysBack: ReadonlyMap<number, WayBack>,
): readonly RecoveryAction[] =>
  transactions.map(({ subtaskIndex, checkpointId, standing }) => {
    const way = waysBack.get(subtaskIndex)
    if (way !== undefined && (standing === 'dead' || checkpointId > way.base)) return 'abort'
    return standing === 'dead' ? 'lost' : 'commit'
  })
