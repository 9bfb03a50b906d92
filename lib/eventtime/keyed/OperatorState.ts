import { isLeft } from 'fp-ts/lib/Either.js'
import type { StateCodec } from '../../checkpoint/StateCodec.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'

/** The state of an operator on its way from a checkpoint and into one. */
export class OperatorState<A> {
  constructor(
    private readonly uid: string,
    private readonly codec: StateCodec<A>,
  ) {}

  /** As `Restored` passes: the state to go on from, undefined at a fresh start. Throws when it cannot be read. */
  restore(restored: Restored): A | undefined {
    const stored = restored.stateOf(this.uid)
    if (stored === undefined) return undefined
    const decoded = this.codec.decode(stored)
    if (isLeft(decoded)) throw decoded.left
    return decoded.right
  }

  /** As a barrier passes. What is handed over is a copy, since the operator goes on before it is written. */
  snapshot(barrier: CheckpointBarrier, state: A): void {
    barrier.snapshot(this.uid, JSON.parse(JSON.stringify(this.codec.encode(state))))
  }
}
