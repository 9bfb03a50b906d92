import { Observable, type Subscriber } from 'rxjs'
import type { SplitEventTime } from '../../eventtime/SplitEventTime.js'
import type { Restored } from '../../stream/Restored.js'
import type { StreamElement } from '../../stream/StreamElement.js'
import { StreamError } from '../../stream/StreamError.js'
import { StreamRecord } from '../../stream/StreamRecord.js'
import { MAX_WATERMARK, Watermark } from '../../stream/Watermark.js'
import type { DeadLetterRecord } from '../deadletter/DeadLetterRecord.js'

export interface SplitStreamListener {
  /** a split can still be subscribed to */
  readonly open: boolean
  subscribed(): void
  unsubscribed(): void
  dropped(): void
}

/** Where the elements of one split go: a cold Observable, and what its reader sends into it. Called from the loop of the reader alone. */
export class SplitStream<T> {
  readonly elements: Observable<StreamElement<T | DeadLetterRecord>>
  private destination: Subscriber<StreamElement<T | DeadLetterRecord>> | undefined
  /** Of the last record: noted here as it leaves, and by the operator that gives it another event time. */
  private readonly sent: { timestamp: number }
  private begun = false
  private finished = false
  /** Tells who comes too late how it has ended. */
  private over: ((destination: Subscriber<never>) => void) | undefined

  constructor(
    private readonly id: string,
    private readonly listener: SplitStreamListener,
    /** its event time where the source makes it; undefined when that is done downstream */
    private readonly eventTime?: SplitEventTime,
  ) {
    this.sent = eventTime ?? { timestamp: -Infinity }
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

  /** It has begun, and is still listened to: it may be read. */
  get live(): boolean {
    return this.begun && this.subscribed
  }

  /** Too far ahead of slower ones in event time: it is not to be read for now. */
  get paused(): boolean {
    return this.eventTime?.paused === true
  }

  /** event time of the last record that was sent; `-Infinity` when it has none */
  get timestamp(): number {
    return this.sent.timestamp
  }

  /** its own one; `-Infinity` when there is none, or when it is made downstream */
  get watermark(): number {
    return this.eventTime?.watermark ?? -Infinity
  }

  /** Nobody listens any more, or ever will in this attempt. */
  get abandoned(): boolean {
    return this.destination === undefined ? !this.listener.open : this.destination.closed
  }

  /** Without effect when it has begun before, or there is no subscriber yet. */
  begin(restored: Restored): void {
    if (this.begun || this.destination === undefined) return
    this.begun = true
    this.destination.next(restored)
    if (this.finished) this.destination.next(new Watermark(MAX_WATERMARK))
  }

  next(element: StreamElement<T>): void {
    this.destination?.next(element)
  }

  /** @param timestamp the record's own, `-Infinity` when it has none */
  record(value: T, timestamp: number): void {
    this.sent.timestamp = timestamp
    this.destination!.next(new StreamRecord(value, timestamp))
  }

  /** In the place of a record that could not be deserialized. */
  deadLetter(letter: DeadLetterRecord, timestamp: number): void {
    this.sent.timestamp = timestamp
    this.destination!.next(new StreamRecord(letter, timestamp))
  }

  /** Says that nothing follows, but stays open: barriers come through it until the source ends. */
  finish(): void {
    if (this.finished) return
    this.finished = true
    this.eventTime?.release()
    if (this.begun) this.next(new Watermark(MAX_WATERMARK))
  }

  /** It is given up before its end. */
  drop(): void {
    this.listener.dropped()
    this.complete()
  }

  complete(): void {
    this.eventTime?.release()
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
