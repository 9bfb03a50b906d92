import { Observable, type Subscriber } from 'rxjs'
import type { BatchEnd } from '../../stream/BatchEnd.js'
import type { CheckpointBarrier } from '../../stream/CheckpointBarrier.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamError } from '../../stream/StreamError.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MAX_WATERMARK, Watermark } from '../../stream/Watermark.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'
import type { KafkaSplit } from '../KafkaSplit.js'
import type { KafkaPartitionSplitState } from '../split/KafkaPartitionSplitState.js'
import type { SourceOutput, SplitOutput } from './SourceOutput.js'

/**
 * A stream for each split. The attempt lives as long as the stream of splits or any of their streams is listened to, so that
 * `splits().pipe(take(1), …)` reads its one split.
 */
export class SplitsOutput<T> implements SourceOutput<T> {
  readonly watermark = -Infinity
  readonly watermarkHolder = undefined
  readonly hold = undefined
  private readonly splits = new Set<SplitStream<T>>()
  private listeners = 1
  private restore: Restored | undefined

  /**
   * @param wake asks for a turn of the loop
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
  }

  get closed(): boolean {
    return this.listeners === 0
  }

  restored(restored: Restored): void {
    this.restore = restored
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
    // Whoever merges the splits knows by itself that there are none.
  }

  turn(): void {
    if (this.restore === undefined) return
    for (const split of this.splits) split.begin(this.restore)
  }

  ending(): void {
    // Nothing here goes by the clock; who subscribes to a split now still gets `Restored` before its barrier.
  }

  get parts(): number {
    return Math.max(1, this.live.length)
  }

  barrier(barriers: readonly CheckpointBarrier[]): void {
    const { live } = this
    // Without a stream to carry it, there is nobody else to acknowledge it.
    if (live.length === 0) barriers[0]?.acknowledge()
    else barriers.forEach((barrier, index) => live[index]!.next(barrier))
  }

  finalWatermark(): void {
    for (const split of this.splits) split.finish()
  }

  complete(): void {
    for (const split of this.splits) split.complete()
    this.destination.complete()
  }

  error(error: unknown): void {
    for (const split of this.splits) split.error(error)
    this.destination.error(error)
  }

  private get live(): readonly SplitStream<T>[] {
    return [...this.splits].filter((split) => split.live)
  }

  private left(): void {
    this.listeners -= 1
    if (this.listeners === 0) this.release()
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

  constructor(
    id: string,
    private readonly listener: SplitStreamListener,
  ) {
    this.elements = new Observable((destination) => {
      if (this.destination !== undefined) {
        destination.error(subscribedTwice(id))
        return
      }
      this.destination = destination
      listener.subscribed()
      return () => {
        listener.unsubscribed()
      }
    })
  }

  /** It has begun, and is still listened to. */
  get live(): boolean {
    return this.begun && this.destination?.closed === false
  }

  get abandoned(): boolean {
    return this.destination === undefined ? !this.listener.open : this.destination.closed
  }

  begin(restored: Restored): void {
    if (this.begun || this.destination === undefined) return
    this.begun = true
    this.destination.next(restored)
    if (this.finished) this.destination.next(new Watermark(MAX_WATERMARK))
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
    this.destination?.complete()
  }

  error(error: unknown): void {
    this.destination?.error(error)
  }
}

const subscribedTwice = (id: string): StreamError =>
  new StreamError(
    'SubscribedTwice',
    `The elements of split ${id} were subscribed to a second time. A split is read once in an attempt: share its elements with ` +
      'branch(a, b, ...), or subscribe to splits() again for a new attempt.',
  )
