import { inspect } from 'node:util'
import { recognizeAcrossCopies } from '../errors/recognizeAcrossCopies.js'
import { diffLines } from './diffLines.js'

/** A job that was killed at one point and restored, and how it ended then. */
export interface CrashCase {
  /** `step 41 of 260, before EndTxn, 213 ms after the start` */
  readonly point: string
  /** How the job ended without a crash: `{ job, outcome }`, where `outcome` is what the option of this name gave. */
  readonly undisturbed: unknown
  /** The same after the crash and the restart, with the message of the `error` if the job failed. */
  readonly killed: unknown
}

/**
 * Is thrown by `crashEverywhere`: where a crash makes a difference, and which.
 *
 * @example
 * ```ts
 * try {
 *   crashEverywhere({ topics: { flights: 1, delays: 1 }, until: 5_000 }, ({ produce, options }) => {
 *     produce('flights', 'a-b-c')
 *     return () => source.elements(options).pipe(sinkTo(sink, options))
 *   })
 * } catch (error) {
 *   if (error instanceof CrashMismatch) console.error(error.point, error.message)
 * }
 * ```
 */
export class CrashMismatch extends Error {
  static {
    recognizeAcrossCopies(this, 'CrashMismatch')
  }

  /** The name of the class, also where the program is minified. */
  override readonly name = 'CrashMismatch'
  /** Where the job was killed: see {@link CrashCase.point}. */
  readonly point: string

  constructor({ point, undisturbed, killed }: CrashCase, options?: ErrorOptions) {
    const differences = diffLines(lines(undisturbed), lines(killed))
    super(
      [
        `Killed at ${point}, and restored, the job comes to another outcome (+) than undisturbed (-):`,
        '',
        ...differences.map((text) => `  ${text}`),
      ].join('\n'),
      options,
    )
    this.point = point
  }
}

const lines = (outcome: unknown): readonly string[] =>
  inspect(outcome, { compact: false, depth: 8, maxArrayLength: null, sorted: true }).split('\n')
