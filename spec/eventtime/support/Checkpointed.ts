import { of } from 'rxjs'
import { fromStored, toStored } from '../../../lib/checkpoint/storedState.js'
import type { CheckpointBarrier, EndOfStream } from '../../../lib/stream/CheckpointBarrier.js'
import type { Restored, SubtaskInfo } from '../../../lib/stream/Restored.js'
import { Upstream } from '../../support/elements.js'

/** A checkpoint of a job: what its operators hand over, as JSON, and get back. */
export class Checkpointed {
  private readonly up = new Upstream()
  private readonly states = new Map<string, string[]>()

  /** @param subtask that hands over, and is restored */
  constructor(private subtask: SubtaskInfo = { subtaskIndex: 0, parallelism: 1 }) {}

  /** The same checkpoint, for another subtask. */
  by(subtaskIndex: number, parallelism: number): this {
    this.subtask = { subtaskIndex, parallelism }
    return this
  }

  barrier(checkpointId = 1, end?: EndOfStream): CheckpointBarrier {
    const { subtaskIndex } = this.subtask
    const snapshot = (uid: string, state: unknown): void => {
      const subtasks = this.states.get(uid) ?? []
      subtasks[subtaskIndex] = JSON.stringify(toStored(uid, state))
      this.states.set(uid, subtasks)
    }
    return { ...this.up.barrier(checkpointId, end, of()), snapshot }
  }

  get restored(): Restored {
    return {
      ...this.up.restored(1),
      subtask: this.subtask,
      stateOf: (uid) => this.stateOf(uid),
      statesOf: (uid) => this.statesOf(uid),
    }
  }

  /** Of the subtask; undefined when it handed nothing over. */
  stateOf(uid: string): unknown {
    const json = this.states.get(uid)?.[this.subtask.subtaskIndex]
    return json === undefined ? undefined : fromStored(JSON.parse(json))
  }

  private statesOf(uid: string): readonly unknown[] {
    return Object.values(this.states.get(uid) ?? []).map((json) => fromStored(JSON.parse(json)))
  }
}
