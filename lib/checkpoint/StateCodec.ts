import { chain, type Either, left, mapLeft, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import { CheckpointError } from './CheckpointError.js'

/**
 * The versioned form of a state in a checkpoint: `{version, state}`, readable JSON.
 *
 * Written is always the newest version; read is every version that has a reader. So a state can change its shape from one
 * release to the next:
 *
 * ```ts
 * const CounterState = stateCodec('counter', 2, t.type({ counts: t.record(t.string, t.number) }), {
 *   1: (json) => {
 *     const old = t.type({ count: t.number }).decode(json)
 *     return isLeft(old) ? old : t.success({ counts: { all: old.right.count } })
 *   },
 * })
 * barrier.snapshot(uid, CounterState.encode({ counts }))
 * const state = CounterState.decode(restored.stateOf(uid)) // Either<CheckpointError, …>
 * ```
 */
export interface StateCodec<A> {
  /** The state in the newest version, for `barrier.snapshot`. It throws what the encoder of the codec throws. */
  readonly encode: (state: A) => unknown
  /** Errors: `Corrupt` with all faults; `UnknownVersion` for a version without a reader. */
  readonly decode: (json: unknown) => Either<CheckpointError, A>
}

/** Reads one version of a state. */
export type StateReader<A> = (json: unknown) => t.Validation<A>

/**
 * The codec of a state of yours, with its version: see {@link StateCodec}.
 *
 * @param name of the state, for messages
 * @param version what is written; raise it when the shape changes
 * @param codec of this version
 * @param older readers of earlier versions, by version; any other is an `UnknownVersion`
 *
 * @example
 * ```ts
 * const Counter = stateCodec('counter', 1, t.type({ count: t.number }))
 * Counter.encode({ count: 3 }) // { version: 1, state: { count: 3 } }
 * isRight(Counter.decode({ version: 1, state: { count: 3 } })) // true
 * isLeft(Counter.decode({ version: 2, state: {} })) // true
 * ```
 */
export const stateCodec = <A, O>(
  name: string,
  version: number,
  codec: t.Type<A, O>,
  older: Readonly<Record<number, StateReader<A>>> = {},
): StateCodec<A> => {
  const readers = new Map<number, StateReader<A>>([
    ...Object.entries(older).map(([key, reader]) => [Number(key), reader] as const),
    [version, (json) => codec.decode(json)],
  ])
  return {
    encode: (state) => ({ version, state: codec.encode(state) }),
    decode: (json) =>
      pipe(
        explained(name, Versioned.decode(json)),
        chain((stored) => {
          const reader = readers.get(stored.version)
          return reader === undefined
            ? left(unknownVersion(name, stored.version, [...readers.keys()]))
            : explained(name, reader(stored.state))
        }),
      ),
  }
}

/** The reader of an older version. */
export const upgrade =
  <A, B>(codec: t.Type<A, unknown>, change: (old: A) => B): StateReader<B> =>
  (json) =>
    pipe(
      codec.decode(json),
      chain((old) => right(change(old))),
    )

/** A number that may be ±Infinity, as the watermark sentinels are: these are text in JSON, which would make them `null`. */
export const extendedNumber = new t.Type<number, number | 'Infinity' | '-Infinity'>(
  'number or "Infinity" or "-Infinity"',
  (value): value is number => typeof value === 'number' && !Number.isNaN(value),
  (value, context) => {
    if (value === 'Infinity') return t.success(Infinity)
    if (value === '-Infinity') return t.success(-Infinity)
    return typeof value === 'number' && Number.isFinite(value) ? t.success(value) : t.failure(value, context)
  },
  (value) => (value === Infinity ? 'Infinity' : value === -Infinity ? '-Infinity' : value),
)

/** A decoding as Either of one error with all faults. */
export const explained = <A>(name: string, validation: t.Validation<A>): Either<CheckpointError, A> =>
  pipe(
    validation,
    mapLeft(
      () =>
        new CheckpointError(
          'Corrupt',
          `The state "${name}" cannot be read: ${PathReporter.report(validation).join('; ')}`,
        ),
    ),
  )

const Versioned = t.type({ version: t.number, state: t.unknown })

const unknownVersion = (name: string, version: number, known: readonly number[]): CheckpointError =>
  new CheckpointError(
    'UnknownVersion',
    `The state "${name}" has version ${version}; this release reads ${[...known].sort((a, b) => a - b).join(', ')}. It was likely ` +
      'written by a newer release: go back to that one, or start from an older savepoint.',
  )
