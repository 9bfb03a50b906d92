import { Observable } from 'rxjs'
import type { Subscriber } from 'rxjs'

/**
 * What a Subject is, for half its price: a Subject takes a closure and walks an iterator for each value. Made for the
 * hot path of operators, where there nearly always is one subscriber, and no error to pass.
 */
export class Feed<T> {
  private subscribers: readonly Subscriber<T>[] = []
  private completed = false

  /** May be subscribed to several times, or again: by operators that use their source twice, or `retry`. */
  readonly values$ = new Observable<T>((subscriber) => {
    if (this.completed) {
      subscriber.complete()
      return
    }
    this.subscribers = [...this.subscribers, subscriber]
    subscriber.add(() => {
      this.subscribers = this.subscribers.filter((other) => other !== subscriber)
    })
  })

  next(value: T): void {
    const { subscribers } = this
    for (let i = 0; i < subscribers.length; i++) subscribers[i]!.next(value)
  }

  complete(): void {
    this.completed = true
    for (const subscriber of this.subscribers) subscriber.complete()
  }
}
