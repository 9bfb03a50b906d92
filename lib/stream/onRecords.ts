import { Observable, pipe } from 'rxjs'
import type { OperatorFunction, Subscriber, Subscription } from 'rxjs'
import { isThenable } from '../checks/isThenable.js'
import { Feed } from './Feed.js'
import { operate } from './operate.js'
import { promisedOutput } from './promisedOutput.js'
import type { RecordPosition } from './RecordPosition.js'
import type { Restored } from './Restored.js'
import type { StreamElement } from './StreamElement.js'
import { StreamError } from './StreamError.js'
import { StreamRecord } from './StreamRecord.js'
import { MAX_WATERMARK, MIN_WATERMARK } from './Watermark.js'

type ElementsOperator<T, R> = OperatorFunction<StreamElement<T>, StreamElement<R>>

/**
 * Applies RxJS operators to the records of a stream of elements, in the manner of `pipe`; control elements keep their
 * place.
 *
 * - **Operators that answer within `next()`**: `map`, `filter`, `tap`, `scan`, `concatMap` of synchronous Observables,
 *   ... An output gets the timestamp of the record it came from. One that comes later (`delay`, `mergeMap` of a
 *   request) has lost its place among the control elements: the stream fails with a `StreamError` `LateOutput`. Such
 *   work belongs into `mapAsync` or `processBatches`. So does a promise, as `map(async …)` gives it.
 * - **Subscribed once** for each subscription of the stream, so `scan` keeps its state over batches and checkpoints.
 *   What operators hold so is in no checkpoint, and starts anew after a restore.
 * - **Early completion** (`take`, `catchError(() => EMPTY)`): further records are dropped, control elements pass, and
 *   the source is asked to end, so that what came before is committed.
 * - **The end**: the operators are completed before the final watermark and the final barrier leave, so what they emit
 *   then (`reduce`, `toArray`) is part of the last checkpoint; its timestamp is the highest received. After a `suspend`
 *   barrier they are unsubscribed and emit nothing more.
 *
 * An error of theirs is the error of the stream.
 *
 * @example
 * ```ts
 * elements$.pipe(
 *   onRecords(
 *     map((line) => JSON.parse(line) as Flight),
 *     filter((flight) => flight.delay > 0),
 *   ),
 *   sinkTo(sink),
 * )
 * ```
 *
 * @example
 * ```ts
 * of(new StreamRecord(3, 100), new StreamRecord(8, 200))
 *   .pipe(onRecords(filter((delay) => delay > 5)), recordsOnly())
 *   .subscribe(console.log) // 8
 * ```
 */
export function onRecords<T, A>(a: OperatorFunction<T, A>): ElementsOperator<T, A>
export function onRecords<T, A, B>(a: OperatorFunction<T, A>, b: OperatorFunction<A, B>): ElementsOperator<T, B>
export function onRecords<T, A, B, C>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
): ElementsOperator<T, C>
export function onRecords<T, A, B, C, D>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
): ElementsOperator<T, D>
export function onRecords<T, A, B, C, D, E>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
  e: OperatorFunction<D, E>,
): ElementsOperator<T, E>
export function onRecords<T, A, B, C, D, E, F>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
  e: OperatorFunction<D, E>,
  f: OperatorFunction<E, F>,
): ElementsOperator<T, F>
export function onRecords<T, A, B, C, D, E, F, G>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
  e: OperatorFunction<D, E>,
  f: OperatorFunction<E, F>,
  g: OperatorFunction<F, G>,
): ElementsOperator<T, G>
export function onRecords<T, A, B, C, D, E, F, G, H>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
  e: OperatorFunction<D, E>,
  f: OperatorFunction<E, F>,
  g: OperatorFunction<F, G>,
  h: OperatorFunction<G, H>,
): ElementsOperator<T, H>
export function onRecords<T, A, B, C, D, E, F, G, H, I>(
  a: OperatorFunction<T, A>,
  b: OperatorFunction<A, B>,
  c: OperatorFunction<B, C>,
  d: OperatorFunction<C, D>,
  e: OperatorFunction<D, E>,
  f: OperatorFunction<E, F>,
  g: OperatorFunction<F, G>,
  h: OperatorFunction<G, H>,
  i: OperatorFunction<H, I>,
): ElementsOperator<T, I>
export function onRecords<T, R>(...operators: readonly OperatorFunction<never, unknown>[]): ElementsOperator<T, R> {
  const chain = (pipe as (...fns: readonly OperatorFunction<never, unknown>[]) => OperatorFunction<T, R>)(...operators)
  return (source) =>
    new Observable((destination) => {
      const records = new RecordChain(chain, destination)
      operate(source, destination, {
        emitting: () => records.emitting,
        next: (element) => {
          if (element.kind === 'record') {
            records.next(element)
            return
          }
          if (element.kind === 'restored') records.restore(element)
          else if (element.kind === 'watermark' && element.timestamp === MAX_WATERMARK) records.complete()
          else if (element.kind === 'barrier' && element.end === 'suspend') records.unsubscribe()
          else if (element.kind === 'barrier' && element.end !== undefined) records.complete()
          destination.next(element)
        },
        complete: () => {
          records.complete()
          destination.complete()
        },
      })
    })
}

/** The user's operators between the values and the stream, watched whether they answer in time. */
class RecordChain<T, R> {
  private readonly feed = new Feed<T>()
  /** Within `next()` or `complete()` of the feed: the only time at which an output is in its place. */
  private answering = false
  private completed = false
  /** The stream ends, so the chain is made to complete; when it does so by itself, the source is asked to end. */
  private ending = false
  private readonly subscription: Subscription
  private restored: Restored | undefined
  private timestamp = MIN_WATERMARK
  private highest = MIN_WATERMARK

  constructor(
    chain: OperatorFunction<T, R>,
    private readonly destination: Subscriber<StreamElement<R>>,
  ) {
    this.subscription = operate(chain(this.feed.values$), destination, {
      emitting: () => this.emitting,
      next: (value) => {
        if (!this.answering) throw lateOutput('answered outside of next()')
        if (isThenable(value)) throw promisedOutput(value, 'onRecords')
        destination.next(new StreamRecord(value, this.timestamp))
      },
      complete: () => {
        this.completed = true
        if (!this.ending) this.restored?.requestEnd()
      },
    })
  }

  get emitting(): RecordPosition | undefined {
    return this.restored?.emitting?.()
  }

  restore(restored: Restored): void {
    this.restored = restored
    if (this.completed) restored.requestEnd()
  }

  next(record: StreamRecord<T>): void {
    if (this.completed) return
    this.timestamp = record.timestamp
    if (record.timestamp > this.highest) this.highest = record.timestamp
    this.answering = true
    this.feed.next(record.value)
    this.answering = false
  }

  complete(): void {
    if (this.completed) return
    this.ending = true
    this.timestamp = this.highest
    this.answering = true
    this.feed.complete()
    this.answering = false
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by the chain, within complete()
    if (!this.completed && !this.destination.closed) {
      throw lateOutput('did not complete with the stream: they still hold records or wait for something')
    }
  }

  unsubscribe(): void {
    this.completed = true
    this.subscription.unsubscribe()
  }
}

function lateOutput(what: string): StreamError {
  return new StreamError(
    'LateOutput',
    `The operators in onRecords ${what}, so their outputs have lost their place among watermarks and barriers, and records ` +
      'could be lost or doubled after a restart. Asynchronous work belongs into mapAsync(project, { concurrency }), operators ' +
      'that gather records over time (bufferTime, debounceTime, ...) into processBatches(records$ => ...).',
  )
}
