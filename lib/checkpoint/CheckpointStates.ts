import { keyOf, type SubtaskKey } from './PendingCheckpoint.js'

type State = SubtaskKey & { readonly state: unknown }

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
export const byUid = ({ all }: CheckpointStates): Readonly<Record<string, readonly unknown[]>> => {
  const states = new Map<string, unknown[]>()
  for (const { uid, subtaskIndex, state } of all) {
    const subtasks = states.get(uid) ?? []
    while (subtasks.length <= subtaskIndex) subtasks.push(null)
    subtasks[subtaskIndex] = state
    states.set(uid, subtasks)
  }
  return Object.fromEntries(states)
}
