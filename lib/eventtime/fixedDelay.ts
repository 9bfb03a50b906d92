import { Observable } from 'rxjs'
import type { SchedulerLike, Subscription } from 'rxjs'

/**
 * Ticks, each `ms` after the end of the one before, as Flink's are. RxJS's `interval` for long runs in virtual time: its actions hang
 * on each other there, and after some thousand of them unsubscribing is a recursion too deep.
 */
export const fixedDelay = (ms: number, scheduler: SchedulerLike): Observable<void> =>
  new Observable((subscriber) => {
    let next: Subscription | undefined
    const wait = (): void => {
      next = scheduler.schedule(() => {
        subscriber.next()
        if (!subscriber.closed) wait()
      }, ms)
    }
    wait()
    return () => {
      next?.unsubscribe()
    }
  })
