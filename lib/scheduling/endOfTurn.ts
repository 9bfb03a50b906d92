import { asapScheduler, Observable, type SchedulerLike } from 'rxjs'
import { isRealTime } from './isRealTime.js'

/**
 * Emits and completes at the end of this turn of the event loop, so that what is asked for meanwhile can be gathered. In real time that is
 * a microtask (7 µs; the shortest timer takes 1.1 ms); with any other scheduler, such as the `TestScheduler`, an action of its own.
 */
export const endOfTurn = (scheduler: SchedulerLike): Observable<void> => {
  const at = isRealTime(scheduler) ? asapScheduler : scheduler
  return new Observable((subscriber) =>
    at.schedule(() => {
      subscriber.next()
      subscriber.complete()
    }),
  )
}
