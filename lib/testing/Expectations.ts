import { map, tap } from 'rxjs'
import type { Observable } from 'rxjs'
import type { StreamElement } from '../stream/StreamElement.js'
import { committedRecords } from './committedRecords.js'
import type { KafkaScene } from './KafkaScene.js'
import { marble, observeMarbles, parseMarbles } from './Marble.js'
import type { Marble } from './Marble.js'
import { comparable, marbleElements } from './marbleElements.js'
import { isTrue, MarbleMismatch } from './MarbleMismatch.js'
import type { MarbleCheck } from './MarbleMismatch.js'
import { transactionSteps } from './transactionSteps.js'
import { Upstream } from './Upstream.js'

/** Takes the picture of an expectation. One that is given none fails the run. */
export interface ToBe<V> {
  /**
   * `table`: what letters stand for where it is not themselves; `error`: what `#` stands for, by default `'error'`. A matcher of the test
   * framework, such as `expect.objectContaining(…)`, may stand for a value or an error; not for an element.
   */
  toBe(marbles: string, table?: Readonly<Record<string, V>>, error?: unknown): void
}

/** How an expectation reads its picture. */
interface Reading<V> {
  valuesOf(table: Readonly<Record<string, V>>): (letter: string) => unknown
  /** What of all that came counts for a picture. */
  relevant?(received: readonly Marble[], expected: readonly Marble[]): readonly Marble[]
}

/** The expectations of one run: they note while it plays, and are held against their pictures when it is over. */
export class Expectations {
  private readonly checks: (() => MarbleCheck)[] = []

  constructor(private readonly scene: KafkaScene) {}

  readonly elements = <T>(elements$: Observable<StreamElement<T>>, subscription?: string): ToBe<StreamElement<T>> => {
    const seen$ = elements$.pipe(
      tap((element) => {
        if (element.kind === 'batchEnd' || element.kind === 'barrier') element.acknowledge()
      }),
      map(comparable),
    )
    return this.expect('expectElements', seen$, elementReading<T>(), subscription)
  }

  readonly commits = (topic: string): ToBe<readonly (string | null)[]> => {
    const commits$ = committedRecords(this.scene.kafka, topic).pipe(map((records) => records.map(({ value }) => value)))
    return this.expect(`expectCommits('${topic}')`, commits$, {
      valuesOf: (table) => (letter) => table[letter] ?? [letter],
    })
  }

  readonly transactions = (prefix = ''): ToBe<string> =>
    this.expect(`expectTransactions('${prefix}')`, transactionSteps(this.scene.kafka, prefix), {
      valuesOf: (table) => (letter) => table[letter] ?? letter,
    })

  /** An expectation of RxJS itself, which comes with all that it has seen. */
  add(received: readonly RxJsLog[], expected: readonly RxJsLog[]): void {
    const title = [...received, ...expected].some(isSubscription) ? 'expectSubscriptions' : 'expectObservable'
    const check = { title, received: received.flatMap(marblesOf), expected: expected.flatMap(marblesOf) }
    this.checks.push(() => check)
  }

  /** Of all pictures that are not true; undefined when all are. */
  mismatch(): MarbleMismatch | undefined {
    const untrue = this.checks.map((check) => check()).filter((check) => !isTrue(check))
    return untrue.length > 0 ? new MarbleMismatch(untrue) : undefined
  }

  private expect<V>(title: string, source: Observable<unknown>, reading: Reading<V>, subscription?: string): ToBe<V> {
    const { marbles, observing } = observeMarbles(source, this.scene.scheduler, subscription)
    this.scene.untilTheEnd(observing)
    let drawn: (() => MarbleCheck) | undefined
    this.checks.push(() => {
      if (drawn === undefined) throw new Error(`${title} was given no picture: call toBe(marbles).`)
      return drawn()
    })
    return {
      toBe: (picture, table = {}, error) => {
        const valueOf = reading.valuesOf(table)
        const letters: (readonly [string, unknown])[] = []
        const expected = parseMarbles(picture, error).map((one): Marble => {
          if (one.kind !== 'next') return one
          const value = valueOf(one.value as string)
          letters.push([one.value as string, value])
          return { ...one, value }
        })
        this.scene.requireWithin(title, expected.at(-1)?.frame ?? 0)
        drawn = () => {
          const received = reading.relevant?.(marbles, expected) ?? marbles
          return { title, picture, letters, expected, received }
        }
      },
    }
  }
}

/** Batch ends and `Restored` are in every stream of a source, and seldom the point: they count where they are drawn. */
const elementReading = <T>(): Reading<StreamElement<T>> => ({
  valuesOf: (table) => {
    const elementOf = marbleElements(table, new Upstream())
    return (letter) => comparable(elementOf(letter))
  },
  relevant: (received, expected) => {
    const drawn = new Set(expected.map(kindOf))
    const seldom = (['restored', 'batchEnd'] as const).filter((kind) => !drawn.has(kind))
    return received.filter((one) => !seldom.some((kind) => kindOf(one) === kind))
  },
})

const kindOf = (one: Marble): string | undefined =>
  one.kind === 'next' ? (one.value as StreamElement<unknown>).kind : undefined

/** What RxJS's TestScheduler notes of an Observable, or of subscriptions to a hot or cold one. */
type RxJsLog =
  | { readonly frame: number; readonly notification: Parameters<typeof marble>[1] }
  | { readonly subscribedFrame: number; readonly unsubscribedFrame: number }

const isSubscription = (log: RxJsLog): boolean => 'subscribedFrame' in log

const marblesOf = (log: RxJsLog): readonly Marble[] => {
  if (!('subscribedFrame' in log)) return [marble(log.frame, log.notification)]
  const subscribed = { frame: log.subscribedFrame, kind: 'next', value: '^' } as const
  if (log.unsubscribedFrame === Infinity) return [subscribed]
  return [subscribed, { frame: log.unsubscribedFrame, kind: 'next', value: '!' }]
}
