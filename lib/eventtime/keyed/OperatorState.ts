import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { stateCodec } from '../../checkpoint/StateCodec.js'
import type { StateCodec } from '../../checkpoint/StateCodec.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored, SubtaskInfo } from '../../stream/Restored.js'
import { StreamError } from '../../stream/StreamError.js'

interface Owned<A> {
  readonly subtask: SubtaskInfo
  readonly state: A
}

/**
 * The keyed state of an operator on its way from a checkpoint and into one, for one subscription.
 *
 * A key is where the partitions of its records are read. When the parallelism changes these move, and nobody knows with which
 * of them a key came; so a state that holds keys is not restored then.
 */
export class OperatorState<A> {
  private readonly codec: StateCodec<Owned<A>>
  private subtask: SubtaskInfo = { subtaskIndex: 0, parallelism: 1 }

  /** @param isEmpty it holds no key */
  constructor(
    private readonly uid: string,
    state: t.Type<A, unknown>,
    private readonly isEmpty: (state: A) => boolean,
  ) {
    const subtask = t.type({ subtaskIndex: t.number, parallelism: t.number })
    this.codec = stateCodec(uid, 1, t.type({ subtask, state }))
  }

  /** As `Restored` passes: the state to go on from, undefined when there is none. Throws when it cannot be gone on from. */
  restore(restored: Restored): A | undefined {
    if (restored.subtask !== undefined) this.subtask = restored.subtask
    const { subtaskIndex, parallelism } = this.subtask
    const states = restored.statesOf(this.uid).map((state) => this.decode(state))
    const before = states.find(({ subtask }) => subtask.parallelism !== parallelism)
    if (before === undefined) return states.find(({ subtask }) => subtask.subtaskIndex === subtaskIndex)?.state
    if (states.every(({ state }) => this.isEmpty(state))) return undefined
    throw rescaled(this.uid, before.subtask.parallelism, parallelism)
  }

  /** As a barrier passes. What is handed over is a copy, since the operator goes on before it is written. */
  snapshot(barrier: CheckpointBarrier, state: A): void {
    const stored = this.codec.encode({ subtask: this.subtask, state })
    barrier.snapshot(this.uid, JSON.parse(JSON.stringify(stored)))
  }

  private decode(stored: unknown): Owned<A> {
    const decoded = this.codec.decode(stored)
    if (isLeft(decoded)) throw decoded.left
    return decoded.right
  }
}

function rescaled(uid: string, before: number, now: number): StreamError {
  return new StreamError(
    'RescaledKeyedState',
    `The state "${uid}" was kept by ${before} subtasks and there are ${now} now. Partitions have moved between them, but a key does not ` +
      `say which partition it came from. Start with a parallelism of ${before} again; to change it, empty the state first: windows are ` +
      'empty after stopWithSavepoint({ drain: true }), or when a bounded source has ended.',
  )
}
