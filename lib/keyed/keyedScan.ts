import * as t from 'io-ts'
import type { OperatorFunction } from 'rxjs'
import { elementOperator } from '../stream/elementOperator.js'
import type { StreamElement } from '../stream/StreamElement.js'
import { StreamRecord } from '../stream/StreamRecord.js'
import { checkKey, KeyCodec } from './Key.js'
import type { Key } from './Key.js'
import { OperatorState } from './OperatorState.js'

/** What is kept for each key, and how. */
export interface KeyedScanConfig<T, K extends Key, A> {
  /** The key of the state in checkpoints: unique within the job, the same in every release. */
  readonly uid: string
  /** Each key has a state of its own. */
  readonly keyBy: (value: T) => K
  /** The state of a key that has none. */
  readonly seed: () => A
  /** The next state of a key, which is emitted; `undefined` forgets the key, and nothing is emitted. */
  readonly accumulate: (state: A, value: T, timestamp: number) => A | undefined
  /**
   * How a state is written into a checkpoint: as plain objects, arrays, texts, numbers (`NaN` too) and bigints. Each checkpoint
   * sees whether it reads what it has written; a state that it does not is a `CheckpointError` `InvalidState` that names the
   * key. To change its shape, let it read the old one too.
   */
  readonly state: t.Type<A, unknown>
}

/** A key and its state after one more record. */
export interface KeyedState<K, A> {
  /** As `keyBy` gave it. */
  readonly key: K
  /** The new state itself, not a copy. */
  readonly value: A
}

/**
 * `scan` for each key, with a state that survives a crash: it is in the checkpoints, and an attempt goes on from it.
 *
 * - One output for each record, with its timestamp: the key and its new state. A state that is changed in place is changed in
 *   the outputs before it too.
 * - A key is kept until `accumulate` gives `undefined` for it: keys that grow without end need that.
 * - Keys stay in their subtask, as those of `windowByEventTime` do.
 *
 * For other state of your own, see `Restored` and `CheckpointBarrier.snapshot`: this operator uses nothing else.
 *
 * @example
 * ```ts
 * elements$.pipe(
 *   keyedScan({
 *     uid: 'flights-by-airport',
 *     keyBy: (flight: Flight) => flight.origin,
 *     seed: () => 0,
 *     accumulate: (flights) => flights + 1,
 *     state: t.number,
 *   }),
 *   onRecords(map(({ key, value }) => `${key}: ${value}`)),
 *   sinkTo(sink),
 * )
 * ```
 *
 * @example
 * ```ts
 * const flights$ = of('AMS', 'JFK', 'AMS').pipe(map((origin, index) => new StreamRecord(origin, index)))
 * const count = keyedScan({
 *   uid: 'flights-by-airport',
 *   keyBy: (origin: string) => origin,
 *   seed: () => 0,
 *   accumulate: (flights) => flights + 1,
 *   state: t.number,
 * })
 * flights$.pipe(count, recordsOnly()).subscribe(console.log) // { key: 'AMS', value: 1 }, { key: 'JFK', value: 1 }, { key: 'AMS', value: 2 }
 * ```
 */
export function keyedScan<T, K extends Key, A>(
  config: KeyedScanConfig<T, K, A>,
): OperatorFunction<StreamElement<T>, StreamElement<KeyedState<K, A>>> {
  const { uid, keyBy, seed, accumulate } = config
  const codec = t.readonlyArray(t.tuple([KeyCodec, config.state]))
  const keysOf = (entries: readonly (readonly [Key, A])[]): readonly Key[] => entries.map(([key]) => key)
  return elementOperator<T, KeyedState<K, A>>((destination) => {
    const state = new OperatorState(uid, { codec, keysOf })
    let states = new Map<K, A>()
    return {
      restored: (restored) => {
        states = new Map(state.restore(restored) as [K, A][] | undefined)
        destination.next(restored)
      },
      record: ({ value, timestamp }) => {
        const key = keyBy(value)
        checkKey(key, uid)
        const before = states.get(key)
        const after = accumulate(before === undefined ? seed() : before, value, timestamp)
        if (after === undefined) {
          states.delete(key)
          return
        }
        states.set(key, after)
        destination.next(new StreamRecord({ key, value: after }, timestamp))
      },
      barrier: (barrier) => {
        state.snapshot(barrier, [...states])
        destination.next(barrier)
      },
    }
  })
}
