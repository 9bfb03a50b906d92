import { Subscriber } from 'rxjs'
import type { Observable, Subscription } from 'rxjs'
import { CONTROL_RECEIVER, type ControlReceiver } from './controlReceiver.js'
import { located } from './located.js'
import type { RecordPosition } from './RecordPosition.js'

/** What an operator does with what its source sends. `error` and `complete` go to the destination when left out. */
export interface SourceObserver<T> {
  readonly next: (value: T) => void
  error?(error: unknown): void
  complete?(): void
  /** The record that is being emitted now (see `Restored.emitting`): what is thrown is told where it happened. */
  emitting?(): RecordPosition | undefined
  /** Takes what a source of several streams says beside them. */
  control?: ControlReceiver
}

/**
 * Subscribes to `source` on behalf of `destination`: the one way in which the operators of this library listen.
 *
 * It is finalized with the destination, also when the source emits while it is being subscribed to, and what a handler
 * throws (a second acknowledgement, a user's projection) becomes the error of the stream. A plain observer object would
 * have it reported to the global error handler, with the stream going on.
 */
export function operate<T, R>(
  source: Observable<T>,
  destination: Subscriber<R>,
  observer: SourceObserver<T>,
): Subscription {
  return source.subscribe(new OperatorSubscriber(destination, observer))
}

class OperatorSubscriber<T> extends Subscriber<T> {
  readonly [CONTROL_RECEIVER]: ControlReceiver | undefined
  /** Of observers of many shapes, one function: it is called for each record. */
  private readonly onNext: (value: T) => void

  constructor(
    private readonly target: Subscriber<never>,
    private readonly observer: SourceObserver<T>,
  ) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way to be part of RxJS's chain of finalization in 7.x
    super(target)
    this[CONTROL_RECEIVER] = observer.control
    this.onNext = observer.next
  }

  protected override _next(value: T): void {
    try {
      this.onNext(value)
    } catch (error) {
      this.target.error(located(error, this.observer.emitting?.()))
    }
  }

  protected override _error(error: unknown): void {
    try {
      if (this.observer.error === undefined) this.target.error(located(error, this.observer.emitting?.()))
      else this.observer.error(error)
    } catch (thrown) {
      this.target.error(thrown)
    } finally {
      this.unsubscribe()
    }
  }

  protected override _complete(): void {
    try {
      if (this.observer.complete === undefined) this.target.complete()
      else this.observer.complete()
    } catch (thrown) {
      this.target.error(thrown)
    } finally {
      this.unsubscribe()
    }
  }
}
