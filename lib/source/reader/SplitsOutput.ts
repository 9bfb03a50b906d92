import { Observable, type Subscriber } from 'rxjs'
import type { BatchEnd } from '../../stream/BatchEnd.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import { controlReceiverOf } from '../../stream/controlReceiver.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamError } from '../../stream/StreamError.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MAX_WATERMARK, Watermark } from '../../stream/Watermark.js'
import { WatermarkStatus } from '../../stream/WatermarkStatus.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSplit } from '../KafkaSplit.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { SourceOutput, SplitOutput } from './SourceOutput.js'

/**
 * A stream for each split. The attempt lives as long as the stream of splits or any of their streams is listened to, so that
 * `splits().pipe(take(1), …)` reads its one split.
 *
 * Beside them goes the control stream, to the merge behind if there is one (`ControlReceiver`): what a subtask without splits would
 * otherwise have no stream for. It keeps no attempt alive.
 */
export class SplitsOutput<T> implements SourceOutput<T> {
  readonly watermark = -Infinity
  readonly watermarkHolder = undefined
  readonly watermarkHoldTime = 0
  readonly hold = undefined
  private readonly splits = new Set<SplitStream<T>>()
  private readonly control = new SplitStream<never>('control', { open: false, subscribed: noop, unsubscribed: noop })
  private listeners = 1
  private restore: Restored | undefined

  /**
   * @param wake asks for a turn of the loop, in which any split may be read
   * @param release nobody listens any more
   */
  constructor(
    private readonly destination: Subscriber<KafkaSplit<T | DeadLetterRecord>>,
    private readonly wake: () => void,
    private readonly release: () => void,
  ) {
    destination.add(() => {
      this.left()
    })
    controlReceiverOf(destination)?.(this.control.elements as Observable<StreamElement<never>>)
  }

  get closed(): boolean {
    return this.listeners === 0
  }

  restored(restored: Restored): void {
    this.restore = restored
    this.control.begin(restored)
  }

  add({ key, topicPartition }: KafkaPartitionSplitState): SplitOutput<T> {
    const { destination } = this
    const split = new SplitStream<T>(key, {
      get open() {
        return !destination.closed
      },
      subscribed: () => {
        this.listeners += 1
        this.wake()
      },
      unsubscribed: () => {
        this.left()
      },
    })
    this.splits.add(split)
    this.destination.next({ id: key, topicPartition, elements: split.elements })
    return split
  }

  discovered(): void {
    this.control.next(new WatermarkStatus(true))
  }

  turn(): void {
    if (this.restore === undefined) return
    let begun = false
    for (const split of this.splits) begun = split.begin(this.restore) || begun
    if (begun) this.wake()
  }

  ending(): void {
    // Nothing here goes by the clock; who subscribes to a split now still gets `Restored` before its barrier.
  }

  /** A split that was subscribed to since the last turn begins here: a merge waits for its barrier too. */
  parts(): number {
    this.turn()
    return Math.max(1, this.streams.length)
  }

  barrier(barriers: readonly CheckpointBarrier[]): void {
    const { streams } = this
    barriers.forEach((barrier, index) => {
      const stream = streams[index]
      // Without a stream to carry it, nothing else acknowledges it: there is none, or it was left since the first of these barriers.
      if (stream?.live === true) stream.next(barrier)
      else barrier.acknowledge()
    })
  }

  finalWatermark(): void {
    for (const split of this.splits) split.finish()
    this.control.finish()
  }

  complete(): void {
    for (const split of this.splits) split.complete()
    this.control.complete()
    this.destination.complete()
  }

  error(error: unknown): void {
    for (const split of this.splits) split.error(error)
    this.destination.error(error)
    this.control.complete()
  }

  /** Those that a barrier has to go through. */
  private get streams(): readonly SplitStream<T>[] {
    return [...this.splits, this.control].filter((split) => split.subscribed)
  }

  private left(): void {
    this.listeners -= 1
    if (this.listeners > 0) return this.wake()
    for (const split of this.splits) split.release()
    this.control.complete()
    this.release()
  }
}

interface SplitStreamListener {
  /** a split can still be subscribed to */
  readonly open: boolean
  subscribed(): void
  unsubscribed(): void
}

class SplitStream<T> implements SplitOutput<T> {
  /** Whoever merges the splits aligns them. */
  readonly paused = false
  readonly elements: Observable<StreamElement<T | DeadLetterRecord>>
  private destination: Subscriber<StreamElement<T | DeadLetterRecord>> | undefined
  timestamp = -Infinity
  readonly watermark = -Infinity
  private begun = false
  private finished = false
  /** Tells who comes too late how it has ended. */
  private over: ((destination: Subscriber<never>) => void) | undefined

  constructor(
    private readonly id: string,
    private readonly listener: SplitStreamListener,
  ) {
    this.elements = new Observable((destination) => {
      if (this.destination !== undefined) {
        destination.error(subscribedTwice(id))
        return
      }
      if (this.over !== undefined) {
        this.over(destination)
        return
      }
      this.destination = destination
      listener.subscribed()
      return () => {
        listener.unsubscribed()
      }
    })
  }

  get subscribed(): boolean {
    return this.destination?.closed === false
  }

  /** It has begun, and is still listened to. */
  get live(): boolean {
    return this.begun && this.subscribed
  }

  get abandoned(): boolean {
    return this.destination === undefined ? !this.listener.open : this.destination.closed
  }

  /** False when it has begun before, or cannot yet. */
  begin(restored: Restored): boolean {
    if (this.begun || this.destination === undefined) return false
    this.begun = true
    this.destination.next(restored)
    if (this.finished) this.destination.next(new Watermark(MAX_WATERMARK))
    return true
  }

  next(element: StreamElement<T>): void {
    this.destination?.next(element)
  }

  record(value: T, timestamp: number): void {
    this.destination!.next(new StreamRecord(value, timestamp))
    this.timestamp = timestamp
  }

  deadLetter(letter: DeadLetterRecord, timestamp: number): void {
    this.destination!.next(new StreamRecord(letter, timestamp))
  }

  batchEnd(element: BatchEnd): void {
    this.next(element)
  }

  /** Says that nothing follows, but stays open: barriers come through it until the source ends. */
  finish(): void {
    if (this.finished) return
    this.finished = true
    if (this.begun) this.next(new Watermark(MAX_WATERMARK))
  }

  drop(): void {
    this.complete()
  }

  complete(): void {
    if (this.destination === undefined && this.abandoned) this.release()
    this.end((destination) => {
      destination.complete()
    })
  }

  error(error: unknown): void {
    this.end((destination) => {
      destination.error(error)
    })
  }

  /** It was not subscribed to in time, and is not read any more: the attempt ends with the last that listens. */
  release(): void {
    this.over ??= (destination) => {
      destination.error(subscribedTooLate(this.id))
    }
  }

  private end(over: (destination: Subscriber<never>) => void): void {
    this.over ??= over
    if (this.destination !== undefined) over(this.destination)
  }
}

const subscribedTwice = (id: string): StreamError =>
  new StreamError(
    'SubscribedTwice',
    `The elements of split ${id} were subscribed to a second time. A split is read once in an attempt: share its elements with ` +
      'branch(a, b, ...), or subscribe to splits() again for a new attempt.',
  )

const subscribedTooLate = (id: string): StreamError =>
  new StreamError(
    'SubscribedTooLate',
    `The elements of split ${id} were subscribed to after the attempt had ended, which it does when neither splits() nor any split is ` +
      'listened to. Subscribe to a split before you leave the stream of splits, or to splits() again for a new attempt.',
  )

const noop = (): void => undefined
