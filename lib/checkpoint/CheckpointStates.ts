import type { PreparedTransactionId } from '../stream/TwoPhaseCommit.js'
import { keyOf, type SubtaskKey } from './SubtaskKey.js'
import type { StoredCheckpoint, StoredTransaction } from './store/CheckpointStore.js'

/** What a part of the job has handed over for a checkpoint. */
export type State = SubtaskKey & {
  readonly state: unknown
  /** The transactions in it that wait for a completion. */
  readonly prepared: readonly PreparedTransactionId[]
}

/**
 * The states of a checkpoint by uid and subtask; of finished sources, and of what stood behind them, the last ones. A value.
 *
 * Parts of a job that go on hand their state over at every barrier. Those behind a source that has finished hand over nothing
 * any more, but a sink's last committables may still be uncommitted: so their states are carried from checkpoint to checkpoint.
 */
export interface CheckpointStates {
  readonly all: readonly State[]
  /** uids of which a state was carried */
  readonly carried: ReadonlySet<string>
}

export const noStates: CheckpointStates = { all: [], carried: new Set() }

/** The states of the next checkpoint: what was handed over, over what is carried. */
export const withCarried = (before: CheckpointStates, handedOver: readonly State[]): CheckpointStates => {
  const fresh = new Set(handedOver.map(keyOf))
  const kept = before.all.filter((state) => !fresh.has(keyOf(state)))
  return { all: [...kept, ...handedOver], carried: new Set(kept.map(({ uid }) => uid)) }
}

/** Those of some subtasks. */
export const statesOfSubtasks = ({ all }: CheckpointStates, subtasks: readonly number[]): CheckpointStates => ({
  all: all.filter(({ subtaskIndex }) => subtasks.includes(subtaskIndex)),
  carried: new Set(),
})

/** As it is stored: an array by uid, one entry for each subtask. */
export const byUid = (all: readonly (SubtaskKey & { readonly state: unknown })[]): StoredCheckpoint['states'] => {
  const states = new Map<string, unknown[]>()
  for (const { uid, subtaskIndex, state } of all) {
    const subtasks = states.get(uid) ?? []
    while (subtasks.length <= subtaskIndex) subtasks.push(null)
    subtasks[subtaskIndex] = state
    states.set(uid, subtasks)
  }
  return Object.fromEntries(states)
}

/** As it is stored: the transactions of each uid. */
export const preparedByUid = (all: readonly State[]): StoredCheckpoint['prepared'] => {
  const prepared = new Map<string, StoredTransaction[]>()
  for (const { uid, subtaskIndex, prepared: transactions } of all)
    if (transactions.length > 0)
      prepared.set(uid, [
        ...(prepared.get(uid) ?? []),
        ...transactions.map(({ id, checkpointId }) => ({ id, checkpointId, subtaskIndex })),
      ])
  return prepared.size === 0 ? undefined : Object.fromEntries(prepared)
}
