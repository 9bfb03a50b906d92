import { keyOf, type SubtaskKey } from '../SubtaskKey.js'
import { fromStored } from '../storedState.js'
import type { StoredCheckpoint } from '../store/CheckpointStore.js'

/** What nobody has asked for. */
export interface UnclaimedState {
  readonly uids: readonly string[]
  /** Of these, the transactions that wait to be committed, by uid. */
  readonly prepared: readonly { readonly uid: string; readonly ids: readonly string[] }[]
}

/**
 * The states of the checkpoint that an attempt starts from, and who has asked for them.
 *
 * State that nobody asks for is state of a part of the job that is gone, most often by a changed uid; going on would drop it
 * without a word. Operators and sinks ask as `Restored` passes, which is before the first checkpoint. So when the first
 * checkpoint has everything, what was neither asked for nor handed over anew is gone; and that is found before the checkpoint
 * is stored, since a stored one would be what the next attempt starts from, without that state. After a change of the
 * parallelism the state of a former subtask has to be asked for in the subtask that takes over from it.
 */
export class RestoredState {
  private readonly asked = new Set<string>()
  private readonly committed = new Map<string, Set<string>>()

  constructor(
    private readonly checkpoint: StoredCheckpoint | undefined,
    private readonly parallelism: number,
  ) {
    for (const [uid, ids] of Object.entries(checkpoint?.committed ?? {})) this.committed.set(uid, new Set(ids))
  }

  get checkpointId(): number | undefined {
    return this.checkpoint?.checkpointId
  }

  /** Whether there is a state that a subtask goes back to as it is. Asks for none. */
  holds(uid: string, subtaskIndex: number): boolean {
    return this.checkpoint?.parallelism === this.parallelism && isState(this.states(uid)[subtaskIndex])
  }

  stateOf(uid: string, subtaskIndex: number): unknown {
    this.asked.add(keyOf({ uid, subtaskIndex }))
    return fromStored(this.states(uid)[subtaskIndex] ?? undefined)
  }

  /** @param subtaskIndex who asks */
  statesOf(uid: string, subtaskIndex: number): readonly unknown[] {
    this.asked.add(keyOf({ uid, subtaskIndex }))
    return this.states(uid).filter(isState).map(fromStored)
  }

  committedOf(uid: string): readonly string[] {
    return [...(this.committed.get(uid) ?? [])]
  }

  marked(uid: string, ids: readonly string[]): void {
    const committed = this.committed.get(uid) ?? new Set()
    for (const id of ids) committed.add(id)
    this.committed.set(uid, committed)
  }

  /** @param handedOver anew, for the first checkpoint of this attempt */
  unclaimed(handedOver: readonly SubtaskKey[], subtasks: readonly number[]): UnclaimedState {
    const known = new Set([...this.asked, ...handedOver.map(keyOf)])
    const isGone = (uid: string, former: number): boolean => {
      const subtaskIndex = former % this.parallelism
      return subtasks.includes(subtaskIndex) && !known.has(keyOf({ uid, subtaskIndex }))
    }
    const uids = Object.entries(this.checkpoint?.states ?? {}).flatMap(([uid, states]) =>
      states.some((state, former) => isState(state) && isGone(uid, former)) ? [uid] : [],
    )
    const prepared = Object.entries(this.checkpoint?.prepared ?? {}).flatMap(([uid, transactions]) => {
      const ids = transactions
        .filter(({ id, subtaskIndex }) => isGone(uid, subtaskIndex) && this.committed.get(uid)?.has(id) !== true)
        .map(({ id }) => id)
      return ids.length === 0 ? [] : [{ uid, ids }]
    })
    return { uids, prepared }
  }

  private states(uid: string): readonly unknown[] {
    return this.checkpoint?.states[uid] ?? []
  }
}

const isState = (state: unknown): boolean => state !== undefined && state !== null
