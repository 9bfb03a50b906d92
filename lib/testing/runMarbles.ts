import type { Observable, Subscription } from 'rxjs'
import type { RunHelpers, TestScheduler } from 'rxjs/testing'
import type { StreamElement } from '../stream/StreamElement.js'
import { crashAndRestore } from './crashAndRestore.js'
import { Expectations } from './Expectations.js'
import type { ToBe } from './Expectations.js'
import { KafkaScene } from './KafkaScene.js'
import type { SceneHelpers, SceneOptions } from './KafkaScene.js'
import { marbleElements } from './marbleElements.js'
import type { ElementTable } from './marbleElements.js'
import { Upstream } from './Upstream.js'

/** RxJS's cold and hot Observables of a picture. */
type ColdObservable<T> = ReturnType<typeof TestScheduler.prototype.createColdObservable<T>>
type HotObservable<T> = ReturnType<typeof TestScheduler.prototype.createHotObservable<T>>

/** The helpers of RxJS's `TestScheduler.run`, and ours. */
export interface MarbleHelpers extends RunHelpers, SceneHelpers {
  /** Notes what the elements of `coldElements` and `hotElements` were asked for. */
  readonly upstream: Upstream
  /**
   * As `cold`, of stream elements. By themselves letters stand for: `a` … `z` records of that value at event time 1 … 26; `0` … `9`
   * watermarks, `M` the final one; `I` idle, `A` active; `R` restored; `E` the end of a batch; `B` a barrier, of checkpoint 1, 2, …;
   * `F`, `D`, `S` one that ends the stream: finished, drain, suspend. For all else there is the table.
   */
  readonly coldElements: <T = string>(
    marbles: string,
    table?: ElementTable<T>,
    error?: unknown,
  ) => ColdObservable<StreamElement<T>>
  /** As `hot`, with the letters of `coldElements`. */
  readonly hotElements: <T = string>(
    marbles: string,
    table?: ElementTable<T>,
    error?: unknown,
  ) => HotObservable<StreamElement<T>>
  /** Runs a pipeline to the end of the run. An error of it fails the run. */
  readonly run: (pipeline$: Observable<unknown>) => Subscription
  /**
   * Runs a pipeline, and kills its process at each letter of the picture: nothing that it still does reaches the broker or the store.
   * Then `start` gives the pipeline of the next process; let it make a `coordinator()` of its own.
   */
  readonly crashAndRestore: <T>(start: () => Observable<T>, crashes: string) => Observable<T>
  /**
   * The stream is made of these elements, by the letters of `coldElements`. This is the end of the pipeline: batch ends and barriers
   * are acknowledged as they come. `R` and `E` count only in pictures that have them.
   */
  readonly expectElements: <T>(elements$: Observable<StreamElement<T>>, subscription?: string) => ToBe<StreamElement<T>>
  /**
   * When readers of committed records see something new of a topic. A letter is one commit: the values in the order of partitions and
   * offsets, `{ a: ['AMS 90', 'LIS 70'] }`; without a table, the one value that is the letter.
   */
  readonly expectCommits: (topic: string) => ToBe<readonly (string | null)[]>
  /** What becomes of transactions: `{ o: 'open delays-0-1', c: 'committed delays-0-1', a: 'aborted delays-0-1' }`. */
  readonly expectTransactions: (transactionalIdPrefix?: string) => ToBe<string>
}

/**
 * A spec in virtual time, as a picture, with Kafka in memory: an hour of checkpoints takes milliseconds. In any test framework: a
 * picture that is not true throws a {@link MarbleMismatch}, which shows what was drawn, what came, and the differences.
 *
 * All time within is virtual, also where no scheduler is given; Promises are not. The run ends at `until` (60,000 ms unless given), and
 * what runs then is unsubscribed.
 *
 * @example
 * ```ts
 * runMarbles({ topics: { flights: 1 } }, ({ produce, options, expectElements }) => {
 *   produce('flights', 'a 59m b')
 *   const watermarks = WatermarkStrategy.forMonotonousTimestamps<string>()
 *   expectElements(source.elements({ ...options, watermarks })).toBe('a 199ms w', {
 *     a: record('a', 0),
 *     w: watermark(-1),
 *   })
 * })
 * ```
 */
export function runMarbles(picture: (helpers: MarbleHelpers) => void): void
export function runMarbles(options: SceneOptions, picture: (helpers: MarbleHelpers) => void): void
export function runMarbles(
  ...given: [(helpers: MarbleHelpers) => void] | [SceneOptions, (helpers: MarbleHelpers) => void]
): void {
  const [options, picture] = given.length === 1 ? [{}, given[0]] : given
  const scene = new KafkaScene(options)
  const expectations = new Expectations(scene)
  scene.play((helpers) => picture({ ...helpers, ...marbleHelpers(scene, helpers, expectations) }), expectations)
  const mismatch = expectations.mismatch()
  if (mismatch === undefined) return
  // The spec that called is where a reader wants to be.
  Error.captureStackTrace(mismatch, runMarbles)
  throw mismatch
}

const marbleHelpers = (scene: KafkaScene, { cold, hot }: RunHelpers, expectations: Expectations) => {
  const upstream = new Upstream()
  return {
    upstream,
    coldElements: <T = string>(marbles: string, table: ElementTable<T> = {}, error?: unknown) =>
      withElements(cold<StreamElement<T>>(marbles, undefined, error), marbleElements(table, upstream)),
    hotElements: <T = string>(marbles: string, table: ElementTable<T> = {}, error?: unknown) =>
      withElements(hot<StreamElement<T>>(marbles, undefined, error), marbleElements(table, upstream)),
    run: (pipeline$: Observable<unknown>) => scene.untilTheEnd(pipeline$.subscribe()),
    crashAndRestore: <T>(start: () => Observable<T>, crashes: string) => crashAndRestore(scene, start, cold(crashes)),
    expectElements: expectations.elements,
    expectCommits: expectations.commits,
    expectTransactions: expectations.transactions,
  }
}

/** RxJS looks letters up once; here each place of a picture gets an element of its own. */
function withElements<T, O extends { messages: ColdObservable<StreamElement<T>>['messages'] }>(
  observable: O,
  elementOf: (letter: string) => StreamElement<T>,
): O {
  for (const message of observable.messages) {
    const { notification } = message
    if (notification.kind === 'N') {
      message.notification = { ...notification, value: elementOf(notification.value as string) }
    }
  }
  return observable
}
