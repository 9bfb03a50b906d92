import { isDeepStrictEqual } from 'node:util'
import type { Observable } from 'rxjs'
import type { MemoryKafka } from '../memory/MemoryKafka.js'
import { CrashMismatch } from './CrashMismatch.js'
import type { SceneHelpers, SceneOptions } from './KafkaScene.js'
import { playProcesses } from './playProcesses.js'
import type { CrashPoint, PlayedJob, Step } from './playProcesses.js'

/** The Kafka of the runs, where they are killed, and what must come out the same. */
export interface CrashOptions extends SceneOptions {
  /**
   * - `steps` (default): before and after the effect of every call of a client and every write of the store, and at everything that
   *   the pipeline emits: all that tells one moment from another.
   * - `frames`: at every frame (ms), from the first to the one after the last step.
   */
  readonly at?: 'steps' | 'frames' | undefined
  /**
   * What must be the same wherever the job dies. By default what readers of committed records see of each of `topics`, in any order:
   * records of several partitions may be read in another order after a restart.
   */
  readonly outcome?: ((kafka: MemoryKafka) => unknown) | undefined
}

/**
 * Kills a job everywhere: lets it run undisturbed, then again and again, each time killed at another point and restored from its
 * last checkpoint, and compares how it ends. A point that makes a difference throws a {@link CrashMismatch}.
 *
 * `scenario` fills topics and tells how a process starts; each process makes a `coordinator()` of its own.
 *
 * Nothing that a killed process would still have done reaches the broker or the store. The restored one has until the end of the run,
 * `until`, to come to the same outcome. Returns the names of the points: `before EndTxn`, `after storing the checkpoint`, `frame 12`.
 *
 * @example
 * ```ts
 * crashEverywhere({ topics: { flights: 1, delays: 1 }, until: 5_000 }, ({ produce, coordinator, options }) => {
 *   produce('flights', 'a-b-c 50ms d-e-f')
 *   return () =>
 *     source.elements({ ...options, checkpoints: coordinator({ interval: 100 }) }).pipe(sinkTo(sink, options))
 * })
 * ```
 */
export function crashEverywhere(
  options: CrashOptions,
  scenario: (helpers: SceneHelpers) => () => Observable<unknown>,
): readonly string[] {
  const { at = 'steps', outcome = committedRecordsOf(Object.keys(options.topics ?? {})), ...scene } = options
  const resultOf = ({ scene: { kafka }, end }: PlayedJob) => ({ job: end._tag, outcome: outcome(kafka) })
  const undisturbed = playProcesses(scene, scenario)
  if (undisturbed.end._tag === 'failed') throw undisturbed.end.error

  const expected = resultOf(undisturbed)
  return pointsOf(undisturbed.steps, at).map(({ name, point, place }) => {
    const killed = playProcesses(scene, scenario, point)
    const cause = killed.end._tag === 'failed' ? killed.end.error : undefined
    const came = { ...resultOf(killed), ...(cause === undefined ? {} : { error: messageOf(cause) }) }
    if (isDeepStrictEqual(came, expected)) return name
    const mismatch = new CrashMismatch({ point: place, undisturbed: expected, killed: came }, { cause })
    // The spec that called is where a reader wants to be.
    Error.captureStackTrace(mismatch, crashEverywhere)
    throw mismatch
  })
}

const pointsOf = (
  steps: readonly Step[],
  at: 'steps' | 'frames',
): readonly { readonly name: string; readonly point: CrashPoint; readonly place: string }[] => {
  if (at === 'steps') {
    return steps.map(({ what, frame }, step) => ({
      name: what,
      point: { step },
      place: `step ${step + 1} of ${steps.length}, ${what}, ${frame} ms after the start`,
    }))
  }
  const last = steps.at(-1)?.frame ?? 0
  return Array.from({ length: last + 2 }, (_, frame) => {
    const name = `frame ${frame}`
    return { name, point: { frame }, place: name }
  })
}

const committedRecordsOf = (topics: readonly string[]) => (kafka: MemoryKafka) =>
  Object.fromEntries(
    topics.map((topic) => [
      topic,
      kafka
        .records(topic)
        .map(({ key, value }) => (key === null ? String(value) : `${key}: ${String(value)}`))
        .sort(),
    ]),
  )

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
