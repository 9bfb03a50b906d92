import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { explained, stateCodec } from '../checkpoint/StateCodec.js'
import { copyOfState, invalidState, type StatePath } from '../checkpoint/storedState.js'
import type { CheckpointBarrier } from '../stream/CheckpointBarrier.js'
import type { Restored, SubtaskInfo } from '../stream/Restored.js'
import { StreamError } from '../stream/StreamError.js'
import type { Key } from './Key.js'

/** What is kept by key: how it is written, and what of it belongs to which key. */
export interface KeyedStateType<A> {
  readonly codec: t.Type<A, unknown>
  /** In the order in which the codec writes them. */
  readonly keysOf: (state: A) => readonly Key[]
}

interface Owned<A> {
  readonly subtask: SubtaskInfo
  readonly state: A
}

const Subtask = t.type({ subtaskIndex: t.number, parallelism: t.number })

/**
 * The keyed state of an operator on its way from a checkpoint and into one, for one subscription.
 *
 * A key is where the partitions of its records are read. When the parallelism changes these move, and nobody knows with which
 * of them a key came; so a state that holds keys is not restored then.
 */
export class OperatorState<A> {
  private readonly stored
  private subtask: SubtaskInfo = { subtaskIndex: 0, parallelism: 1 }

  constructor(
    private readonly uid: string,
    private readonly type: KeyedStateType<A>,
  ) {
    this.stored = stateCodec(uid, 1, t.type({ subtask: Subtask, state: t.unknown }))
  }

  /** As `Restored` passes: the state to go on from, undefined when there is none. Throws when it cannot be gone on from. */
  restore(restored: Restored): A | undefined {
    if (restored.subtask !== undefined) this.subtask = restored.subtask
    const { subtaskIndex, parallelism } = this.subtask
    const states = restored.statesOf(this.uid).map((state) => this.read(state))
    const before = states.find(({ subtask }) => subtask.parallelism !== parallelism)
    if (before === undefined) return states.find(({ subtask }) => subtask.subtaskIndex === subtaskIndex)?.state
    if (states.every(({ state }) => this.type.keysOf(state).length === 0)) return undefined
    throw rescaled(this.uid, before.subtask.parallelism, parallelism)
  }

  /**
   * As a barrier passes. What is handed over is a copy, since the operator goes on before it is written; and what could not be
   * restored is refused now, with its key: a checkpoint that no later attempt can read is worse than none.
   */
  snapshot(barrier: CheckpointBarrier, state: A): void {
    const keys = this.type.keysOf(state)
    const copy = copyOfState(this.uid, this.written(state), (path) => placeIn(keys, path))
    const read = this.type.codec.decode(copy)
    if (isLeft(read)) throw this.unreadable(read.left, keys)
    barrier.snapshot(this.uid, this.stored.encode({ subtask: this.subtask, state: copy }))
  }

  private written(state: A): unknown {
    try {
      return this.type.codec.encode(state)
    } catch (cause) {
      throw invalidState(this.uid, `its codec has thrown (${String(cause)}).`, cause)
    }
  }

  private unreadable([first]: t.Errors, keys: readonly Key[]): Error {
    const { context } = first!
    const place = placeIn(
      keys,
      context.map(({ key }) => key),
    )
    const wanted = context.at(-1)!.type.name
    return invalidState(this.uid, `its codec does not read what it has written ${place}: that is no ${wanted}.`)
  }

  private read(json: unknown): Owned<A> {
    const stored = this.stored.decode(json)
    if (isLeft(stored)) throw stored.left
    const state = explained(this.uid, this.type.codec.decode(stored.right.state))
    if (isLeft(state)) throw state.left
    return { subtask: stored.right.subtask, state: state.right }
  }
}

/** The first index in a path is that of the key. */
function placeIn(keys: readonly Key[], path: StatePath): string {
  const index = path.findIndex((step) => /^\d+$/.test(String(step)))
  const key = keys[Number(path[index])]
  const place = path.filter((step) => step !== '').join('.')
  return key === undefined ? `at ${place}` : `for the key ${JSON.stringify(key)}, at ${place}`
}

function rescaled(uid: string, before: number, now: number): StreamError {
  return new StreamError(
    'RescaledKeyedState',
    `The state "${uid}" was kept by ${before} subtasks and there are ${now} now. Partitions have moved between them, but a key does not ` +
      `say which partition it came from. Start with a parallelism of ${before} again; to change it, empty the state first: windows are ` +
      'empty after stopWithSavepoint({ drain: true }), or when a bounded source has ended.',
  )
}
