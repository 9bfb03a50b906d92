import type { RecoveryAction, RestoredTransaction } from '../../stream/TwoPhaseCommit.js'
import type { EarlierCheckpoint } from '../store/AttemptLedger.js'

/** What is to be done about the transactions of a restored checkpoint. */
export interface RecoveryDecision {
  /** for each transaction, in their order */
  readonly actions: readonly RecoveryAction[]
  /** The subtasks that go back, each with the first checkpoint id that no longer counts. */
  readonly before: ReadonlyMap<number, number>
}

/** By subtask, the oldest checkpoint with a dead transaction: only what is older can be gone on from without a loss. */
export const firstDead = (transactions: readonly RestoredTransaction[]): ReadonlyMap<number, number> => {
  const first = new Map<number, number>()
  for (const { standing, subtaskIndex, checkpointId } of transactions)
    if (standing === 'dead') first.set(subtaskIndex, Math.min(checkpointId, first.get(subtaskIndex) ?? Infinity))
  return first
}

/**
 * Decides about the transactions that a restored checkpoint holds and that are not known to be committed.
 *
 * No record crosses subtasks, so each subtask is decided about by itself. One whose transactions all live commits them. One with a
 * dead transaction goes back to a checkpoint before it: the source reads those records again, and what is prepared after that
 * checkpoint is aborted, so nothing is lost or doubled. It cannot when no such checkpoint is left, or when a transaction after it
 * is committed already: its records would come twice. Then what lives is committed, and the dead one is lost.
 *
 * @param earlier by subtask, the newest checkpoint that is left from before its first dead transaction
 */
export const decideRecovery = (
  transactions: readonly RestoredTransaction[],
  earlier: ReadonlyMap<number, EarlierCheckpoint>,
): RecoveryDecision => {
  const before = new Map(
    [...firstDead(transactions)].filter(([subtask]) => {
      const base = earlier.get(subtask)
      return (
        base !== undefined &&
        !base.committedAfter &&
        !transactions.some(
          ({ subtaskIndex, checkpointId, standing }) =>
            subtaskIndex === subtask && checkpointId > base.checkpointId && standing === 'committed',
        )
      )
    }),
  )
  const actionOf = ({ subtaskIndex, checkpointId, standing }: RestoredTransaction): RecoveryAction => {
    const base = before.has(subtaskIndex) ? earlier.get(subtaskIndex) : undefined
    if (base !== undefined && checkpointId > base.checkpointId) return 'abort'
    return standing === 'dead' ? 'lost' : 'commit'
  }
  return { actions: transactions.map(actionOf), before }
}
