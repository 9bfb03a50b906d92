import type { StoredCheckpoint } from './CheckpointStore.js'
import { fromStored } from './storedState.js'

/**
 * The states of the checkpoint that an attempt starts from, and who has asked for them.
 *
 * State that nobody asks for is state of a part of the job that is gone, most often by a changed uid; going on would drop it
 * without a word. Operators and sinks ask as `Restored` passes, which is before the first checkpoint. So when the first
 * checkpoint has everything, what was neither asked for nor handed over anew is gone; and that is found before the checkpoint
 * is stored, since a stored one would be what the next attempt starts from, without that state.
 */
export class RestoredState {
  readonly checkpointId: number | undefined
  private readonly asked = new Set<string>()
  private readonly states: ReadonlyMap<string, readonly unknown[]>
  private readonly committed: ReadonlyMap<string, readonly string[]>

  constructor(checkpoint: StoredCheckpoint | undefined) {
    this.checkpointId = checkpoint?.checkpointId
    this.states = new Map(Object.entries(checkpoint?.states ?? {}))
    this.committed = new Map(Object.entries(checkpoint?.committed ?? {}))
  }

  stateOf(uid: string, subtaskIndex: number): unknown {
    this.asked.add(uid)
    return fromStored(this.states.get(uid)?.[subtaskIndex] ?? undefined)
  }

  statesOf(uid: string): readonly unknown[] {
    this.asked.add(uid)
    return (this.states.get(uid) ?? []).filter((state) => state !== undefined && state !== null).map(fromStored)
  }

  committedOf(uid: string): readonly string[] {
    return this.committed.get(uid) ?? []
  }

  /** The uids that nobody asked for, and that are not among `handedOver`. */
  unclaimed(handedOver: ReadonlySet<string>): readonly string[] {
    return [...this.states.keys()].filter((uid) => !this.asked.has(uid) && !handedOver.has(uid))
  }
}
