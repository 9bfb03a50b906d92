import { Observable, from } from 'rxjs'
import type { ObservableInput, ObservedValueOf, OperatorFunction, Subscriber } from 'rxjs'
import { WorkLoop } from '../scheduling/WorkLoop.js'
import { Fifo } from './Fifo.js'
import { located } from './located.js'
import { operate } from './operate.js'
import { nameOfPart } from './PipelinePart.js'
import { copyOfPosition, type RecordPosition } from './RecordPosition.js'
import type { Restored } from './Restored.js'
import type { ControlElement, StreamElement } from './StreamElement.js'
import { StreamRecord } from './StreamRecord.js'
import { MIN_WATERMARK } from './Watermark.js'

/** How many projections run at a time, and in which order their outputs leave. */
export interface MapAsyncConfig {
  /**
   * How many projections may be under way at once; a whole number from 1, or Infinity. Default 100, as Flink's
   * `AsyncDataStream`.
   */
  readonly concurrency?: number | undefined
  /**
   * `ordered` (default): outputs in the order of their records. `unordered`: as they come, but on their side of every
   * control element; less waiting when durations differ.
   */
  readonly order?: 'ordered' | 'unordered' | undefined
}

/**
 * Projects each record to 0..n outputs, asynchronously: a request, a look-up, a write.
 *
 * - **What is in flight stays on its side of every control element.** A barrier or watermark leaves when all records
 *   before it are done; records behind it may be in flight meanwhile, their outputs wait. So no checkpoint misses or
 *   doubles a record, and no output is made late here.
 * - **Backpressure** follows from that: the end of a batch passes on, and asks for the next, when the batch is done.
 *   Besides `concurrency` projections under way only records of unacknowledged batches are held.
 * - Outputs get the timestamp of the record they came from.
 * - An error of a projection is the error of the stream; a retry or a fallback of one record belongs into `project`.
 *   Unsubscribing unsubscribes from all that is under way.
 *
 * @param project what to do with a value; `timestamp` is its event time. Called when its turn has come, and subscribed
 *   once.
 *
 * @example
 * ```ts
 * elements$.pipe(mapAsync((order) => http.getJSON(`/customers/${order.customer}`), { concurrency: 16 }), sinkTo(sink))
 * ```
 */
export function mapAsync<T, O extends ObservableInput<unknown>>(
  project: (value: T, timestamp: number) => O,
  config: MapAsyncConfig = {},
): OperatorFunction<StreamElement<T>, StreamElement<ObservedValueOf<O>>> {
  const { concurrency = 100, order = 'ordered' } = config
  if (!(concurrency >= 1) || (concurrency !== Infinity && !Number.isInteger(concurrency))) {
    throw new RangeError(`mapAsync: concurrency must be a whole number from 1 or Infinity, but is ${concurrency}`)
  }
  return (source) =>
    new Observable((destination) => {
      const tasks = new TaskQueue<T, ObservedValueOf<O>>(
        (record) => from(project(record.value, record.timestamp)),
        concurrency,
        order === 'ordered',
        destination,
      )
      operate(source, destination, {
        emitting: () => tasks.receiving,
        next: (element) => {
          if (element.kind === 'record') {
            tasks.addRecord(element)
            return
          }
          if (element.kind === 'restored') {
            element.present?.({ name: nameOfPart('mapAsync', project), waiting: () => tasks.waitingFor })
            tasks.restore(element)
            return
          }
          tasks.addControl(element)
        },
        complete: () => {
          tasks.complete()
        },
      })
    })
}

/**
 * A piece of the stream whose outputs may leave in any order among themselves: one record when ordered, the records
 * between two control elements when not, or a control element, alone.
 */
interface Segment<R> {
  readonly control: ControlElement | undefined
  /** Event time of its first record. */
  readonly timestamp: number
  /** Where that was read, if it is known. */
  readonly position: RecordPosition | undefined
  /** Records not yet done. */
  open: number
  /** Outputs that wait for the segments before. */
  held: Output<R>[]
}

/** A record that waits for its turn, and where it was read if that is known. */
interface Task<T, R> {
  readonly record: StreamRecord<T>
  readonly segment: Segment<R>
  readonly position: RecordPosition | undefined
}

/** An output, and where the record was read that it came from. */
interface Output<R> {
  readonly record: StreamRecord<R>
  readonly position: RecordPosition | undefined
}

class TaskQueue<T, R> {
  /** In the order of the stream. The first one that is not done emits, all behind it hold their outputs. */
  private readonly segments = new Fifo<Segment<R>>()
  private readonly waiting = new Fifo<Task<T, R>>()
  private restored: Restored | undefined
  /** of the output that is being emitted */
  private position: RecordPosition | undefined
  private underWay = 0
  private starting = false
  /** What comes in while the destination is being given an element leaves after it, not within. */
  private readonly loop = new WorkLoop(() => this.emit())
  private completed = false

  constructor(
    private readonly project: (record: StreamRecord<T>) => Observable<R>,
    private readonly concurrency: number,
    private readonly ordered: boolean,
    private readonly destination: Subscriber<StreamElement<R>>,
  ) {}

  addRecord(record: StreamRecord<T>): void {
    const position = copyOfPosition(this.receiving)
    let segment = this.ordered ? undefined : this.segments.last
    if (segment === undefined || segment.control !== undefined) {
      segment = { control: undefined, timestamp: record.timestamp, position, open: 0, held: [] }
      this.segments.push(segment)
    }
    segment.open++
    this.waiting.push({ record, segment, position })
    this.start()
  }

  /** Records leave at another time than they came, so this operator answers for them. */
  restore(restored: Restored): void {
    this.restored = restored
    this.addControl({ ...restored, emitting: () => this.position })
  }

  addControl(control: ControlElement): void {
    this.segments.push({ control, timestamp: MIN_WATERMARK, position: undefined, open: 0, held: [] })
    this.loop.run()
  }

  complete(): void {
    this.completed = true
    this.loop.run()
  }

  /** Where the record was read that comes in now. */
  get receiving(): RecordPosition | undefined {
    return this.restored?.emitting?.()
  }

  /** For people, when nothing moves: a predicate. */
  get waitingFor(): string | undefined {
    const { underWay, waiting, segments, concurrency } = this
    if (underWay === 0) return undefined
    const oldest = segments.first === undefined ? '' : nameOf(segments.first)
    return (
      `has ${underWay} of at most ${concurrency} projections under way` +
      (oldest === '' ? '' : ` since the record${oldest}`) +
      (waiting.length === 0 ? '' : `, and ${waiting.length} records behind them`) +
      '. Give project a time-out, if it may never settle'
    )
  }

  /** A loop, since a projection that completes at once comes back here from within its subscription. */
  private start(): void {
    if (this.starting) return
    this.starting = true
    while (this.underWay < this.concurrency && !this.destination.closed) {
      const task = this.waiting.shift()
      if (task === undefined) break
      this.run(task)
    }
    this.starting = false
  }

  private run({ record, segment, position }: Task<T, R>): void {
    this.underWay++
    let outputs$: Observable<R>
    try {
      outputs$ = this.project(record)
    } catch (error) {
      // It may be thrown within the next() of another record.
      this.destination.error(located(error, position))
      return
    }
    operate(outputs$, this.destination, {
      emitting: () => position,
      next: (value) => {
        segment.held.push({ record: new StreamRecord(value, record.timestamp), position })
        this.loop.run()
      },
      complete: () => {
        this.underWay--
        segment.open--
        this.loop.run()
        this.start()
      },
    })
  }

  private emit(): void {
    for (let first = this.segments.first; first !== undefined; first = this.segments.first) {
      if (first.control !== undefined) {
        this.segments.shift()
        this.destination.next(first.control)
        continue
      }
      for (let i = 0; i < first.held.length; i++) {
        const { record, position } = first.held[i]!
        this.position = position
        this.destination.next(record)
      }
      this.position = undefined
      first.held = []
      if (first.open > 0) break
      this.segments.shift()
    }
    if (this.completed && this.segments.first === undefined) this.destination.complete()
  }
}

/** The first record of a segment, as far as it is known. */
const nameOf = ({ position, timestamp }: Segment<unknown>): string =>
  (position === undefined ? '' : ` at offset ${position.offset} of ${position.topic}-${position.partition}`) +
  (timestamp === MIN_WATERMARK ? '' : `${position === undefined ? '' : ','} of event time ${eventTime(timestamp)}`)

const eventTime = (timestamp: number): string =>
  Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : String(timestamp)
