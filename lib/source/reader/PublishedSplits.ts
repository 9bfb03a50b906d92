import { type Observable, Subject, type Subscriber } from 'rxjs'
import type { SourceEventTime } from '../../eventtime/SourceEventTime.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import { controlReceiverOf } from '../../stream/controlReceiver.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { WatermarkStatus } from '../../stream/WatermarkStatus.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSplit } from '../KafkaSplit.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import { SplitStream } from './SplitStream.js'

/** A split, with the values that could not be read too. */
export type PublishedSplit<T> = KafkaSplit<T | DeadLetterRecord>

/**
 * The splits of an attempt, published by a Subject as the enumerator finds them, each with a stream of its own. All of it is called from the
 * loop of the reader alone, so that a split is published, has `Restored`, and is in the state of the source within one turn.
 *
 * The attempt lives as long as the stream of splits or any of their streams is listened to, so that `splits().pipe(take(1), …)` reads its
 * one split. Beside them goes the control stream, to the merge behind if there is one (`ControlReceiver`): what a subtask without
 * splits would otherwise have no stream for. It keeps no attempt alive.
 */
export class PublishedSplits<T> {
  private readonly split$ = new Subject<PublishedSplit<T>>()
  private readonly splits = new Set<SplitStream<T>>()
  /** Those that have been subscribed to, and get `Restored` in the next turn. */
  private readonly joining = new Set<SplitStream<T>>()
  private readonly control = new SplitStream<never>('control', silent)
  private listeners = 1
  private restore: Restored | undefined

  /**
   * @param destination who listens to the stream of splits
   * @param wake asks for a turn of the loop, in which any split may be read
   * @param release nobody listens any more
   * @param eventTime where the source makes the event time of its splits; undefined when that is done downstream
   */
  constructor(
    private readonly destination: Subscriber<PublishedSplit<T>>,
    private readonly wake: () => void,
    private readonly release: () => void,
    readonly eventTime?: SourceEventTime<T, DeadLetterRecord>,
  ) {
    this.split$.subscribe(destination)
    destination.add(() => {
      this.left()
    })
    controlReceiverOf(destination)?.(this.control.elements as Observable<StreamElement<never>>)
  }

  /** Nobody listens any more. */
  get closed(): boolean {
    return this.listeners === 0
  }

  restored(restored: Restored): void {
    this.restore = restored
    this.control.begin(restored)
    this.eventTime?.begin(this.wake)
  }

  add({ key, topicPartition }: KafkaPartitionSplitState): SplitStream<T> {
    const { destination } = this
    const listener = {
      get open() {
        return !destination.closed
      },
      subscribed: () => {
        this.listeners += 1
        this.joining.add(split)
        this.wake()
      },
      unsubscribed: () => {
        this.left()
      },
      dropped: () => {
        this.splits.delete(split)
      },
    }
    const split: SplitStream<T> = new SplitStream(key, listener, this.eventTime?.addSplit(key))
    this.splits.add(split)
    this.split$.next({ id: key, topicPartition, elements: split.elements })
    return split
  }

  /** The first discovery is over; a source without splits does not hold watermarks back. */
  discovered(): void {
    this.control.next(new WatermarkStatus(true))
  }

  /** A turn of the loop in which nothing else is being sent. */
  turn(): void {
    this.eventTime?.turn(this.splits.size === 0)
    this.begin()
  }

  /** Nothing more is read: from here on nothing is sent by the clock. Who subscribes to a split now still gets `Restored` before its barrier. */
  ending(): void {
    this.eventTime?.leave()
  }

  /**
   * A barrier is to go out now: in how many streams. A split that was subscribed to since the last turn begins here: a merge waits for its
   * barrier too.
   */
  parts(): number {
    this.begin()
    return this.eventTime === undefined ? Math.max(1, this.streams.length) : 1
  }

  /** Sends one barrier to each stream, in the turn in which `parts` was asked for. */
  barrier(barriers: readonly CheckpointBarrier[]): void {
    if (this.eventTime !== undefined) return this.barrierOfMerge(barriers[0]!)
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
    this.split$.complete()
  }

  error(error: unknown): void {
    for (const split of this.splits) split.error(error)
    this.split$.error(error)
    this.control.complete()
  }

  private begin(): void {
    if (this.restore === undefined || this.joining.size === 0) return
    for (const split of this.joining) {
      this.joining.delete(split)
      split.begin(this.restore)
    }
    this.wake()
  }

  /** One merge is behind all streams: it aligns their barriers, and the one of the control stream is acknowledged for all of them. */
  private barrierOfMerge(barrier: CheckpointBarrier): void {
    const aligned = { ...barrier, acknowledge: noop }
    for (const split of this.splits) if (split.live) split.next(aligned)
    this.control.next(barrier)
  }

  /** Those that a barrier has to go through. */
  private get streams(): readonly SplitStream<T>[] {
    return [...this.splits, this.control].filter((split) => split.subscribed)
  }

  private left(): void {
    this.listeners -= 1
    if (this.listeners > 0) return this.wake()
    try {
      for (const split of this.splits) split.release()
      this.control.complete()
      this.eventTime?.leave()
    } finally {
      // Whoever observes the event time may throw.
      this.release()
    }
  }
}

const noop = (): void => undefined
const silent = { open: false, subscribed: noop, unsubscribed: noop, dropped: noop }
