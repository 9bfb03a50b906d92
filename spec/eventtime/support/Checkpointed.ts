import { of } from 'rxjs'
import type { CheckpointBarrier, EndOfStream } from '../../../lib/stream/CheckpointBarrier.js'
import type { Restored } from '../../../lib/stream/Restored.js'
import { Upstream } from '../../support/elements.js'

/** A subtask's part of a checkpoint: what operators hand over, as JSON, and get back. */
export class Checkpointed {
  private readonly up = new Upstream()
  private readonly states = new Map<string, string>()

  barrier(checkpointId = 1, end?: EndOfStream): CheckpointBarrier {
    const snapshot = (uid: string, state: unknown): void => {
      this.states.set(uid, JSON.stringify(state))
    }
    return { ...this.up.barrier(checkpointId, end, of()), snapshot }
  }

  get restored(): Restored {
    return { ...this.up.restored(1), stateOf: (uid) => this.stateOf(uid) }
  }

  /** Undefined when nothing was handed over. */
  stateOf(uid: string): unknown {
    const json = this.states.get(uid)
    return json === undefined ? undefined : JSON.parse(json)
  }
}
