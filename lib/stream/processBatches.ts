import { Observable, defer, from } from 'rxjs'
import type { ObservableInput, OperatorFunction, Subscriber } from 'rxjs'
import { WorkLoop } from '../scheduling/WorkLoop.js'
import { isThenable } from '../checks/isThenable.js'
import { locatedWithin } from './located.js'
import { operate } from './operate.js'
import { nameOfPart } from './PipelinePart.js'
import { promisedOutput } from './promisedOutput.js'
import type { RecordPosition } from './RecordPosition.js'
import type { Restored } from './Restored.js'
import { SpanPositions } from './SpanPositions.js'
import type { ControlElement, StreamElement } from './StreamElement.js'
import { StreamRecord } from './StreamRecord.js'
import { MIN_WATERMARK } from './Watermark.js'

/**
 * Processes records in spans that complete, so that any RxJS operator may be used on them: `mergeMap`, `bufferTime`,
 * `toArray`.
 *
 * A span is a batch, or what has been queued while the span before was processed: all batches up to the next barrier.
 * `project` gets it as a cold Observable that completes and can be subscribed to again (`retry`). **When the returned
 * Observable completes, the span is done**; only then its watermarks, batch ends and barrier leave, all of them, and
 * the next span begins.
 *
 * - At-least-once: a span whose processing fails is in no checkpoint. An operator outside of `project` can hold nothing
 *   back.
 * - Memory is bounded by the batches not yet acknowledged, at most two of each split.
 * - Outputs leave at once, with the highest timestamp received so far: their own is not known, and this one is not
 *   late.
 * - An error is the error of the stream. A span without records is not projected.
 *
 * @example
 * ```ts
 * elements$.pipe(
 *   processBatches((orders$) => orders$.pipe(bufferCount(500), concatMap((orders) => database.insert(orders)))),
 *   recordsOnly(),
 * )
 * ```
 */
export function processBatches<T, R>(
  project: (records$: Observable<T>) => ObservableInput<R>,
): OperatorFunction<StreamElement<T>, StreamElement<R>> {
  return (source) =>
    new Observable((destination) => {
      const spans = new SpanQueue(project, destination)
      let restored: Restored | undefined
      const emitting = (): RecordPosition | undefined => restored?.emitting?.()
      operate(source, destination, {
        emitting,
        next: (element) => {
          if (element.kind === 'record') {
            spans.addRecord(element, emitting())
          } else if (element.kind === 'restored') {
            element.present?.({ name: nameOfPart('processBatches', project), waiting: () => spans.waitingFor })
            restored = element
            // An output comes from a span, and nobody knows from which of its records.
            spans.addControl({ ...element, emitting: () => undefined })
          } else {
            spans.addControl(element)
          }
        },
        complete: () => {
          spans.complete()
        },
      })
    })
}

class SpanQueue<T, R> {
  private queued: StreamElement<T>[] = []
  private readonly positions = new SpanPositions()
  private highest = MIN_WATERMARK
  private processing = false
  /** Records in the span that is being processed. */
  private records = 0
  /** A loop, since a span that is processed at once asks for the next one from within its subscription. */
  private readonly loop = new WorkLoop(() => this.takeSpan())
  private completed = false

  constructor(
    private readonly project: (records$: Observable<T>) => ObservableInput<R>,
    private readonly destination: Subscriber<StreamElement<R>>,
  ) {}

  addRecord(record: StreamRecord<T>, position: RecordPosition | undefined): void {
    this.queued.push(record)
    this.positions.add(position)
  }

  addControl(control: ControlElement): void {
    this.queued.push(control)
    this.positions.close()
    this.loop.run()
  }

  complete(): void {
    this.completed = true
    this.loop.run()
  }

  /** For people, when nothing moves: a predicate. */
  get waitingFor(): string | undefined {
    return this.processing
      ? `processes a span of ${this.records} records whose Observable has not completed. Give it a time-out, if it may never do`
      : undefined
  }

  private takeSpan(): void {
    if (this.processing || this.destination.closed) return
    const span = this.queued.splice(0, spanLength(this.queued, this.completed))
    if (span.length > 0) this.process(span)
    else if (this.completed) this.destination.complete()
  }

  private process(span: readonly StreamElement<T>[]): void {
    const values: T[] = []
    const controls: ControlElement[] = []
    for (const element of span) {
      if (element.kind !== 'record') {
        controls.push(element)
        continue
      }
      values.push(element.value)
      if (element.timestamp > this.highest) this.highest = element.timestamp
    }
    this.processing = true
    const done = (): void => {
      for (const control of controls) this.destination.next(control)
      this.processing = false
      this.loop.run()
    }
    if (values.length === 0) {
      done()
      return
    }
    this.records = values.length
    const ranges = this.positions.take(values.length)
    operate(
      defer(() => this.project(from(values))),
      this.destination,
      {
        error: (error) => {
          this.destination.error(locatedWithin(error, ranges))
        },
        next: (value) => {
          if (isThenable(value)) throw promisedOutput(value, 'processBatches')
          this.destination.next(new StreamRecord(value, this.highest))
        },
        complete: done,
      },
    )
  }
}

/**
 * How much of the queue may go now: up to the first barrier, else up to the last batch end, else what control elements
 * lead the queue. Records of a batch still to be ended wait, and so does what follows them.
 */
function spanLength(queued: readonly StreamElement<unknown>[], completed: boolean): number {
  const barrier = queued.findIndex((element) => element.kind === 'barrier')
  if (barrier >= 0) return barrier + 1
  if (completed) return queued.length
  const batchEnd = queued.findLastIndex((element) => element.kind === 'batchEnd')
  if (batchEnd >= 0) return batchEnd + 1
  const record = queued.findIndex((element) => element.kind === 'record')
  return record < 0 ? queued.length : record
}
