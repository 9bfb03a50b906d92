import { AsyncSubject, concatMap, defer, Observable, type SchedulerLike } from 'rxjs'
import { endOfTurn } from './endOfTurn.js'

/**
 * Work that is done once for each subscription, to its end: unsubscribing drops its answer, not its effect. It begins at once; its answer
 * comes at the end of the turn at the earliest, so that nothing is emitted during `subscribe`. Emits the last value.
 */
export const toItsEnd = <T>(work: () => Observable<T>, scheduler: SchedulerLike): Observable<T> =>
  new Observable((subscriber) => {
    const answer = new AsyncSubject<T>()
    defer(work).subscribe(answer)
    return endOfTurn(scheduler)
      .pipe(concatMap(() => answer))
      .subscribe(subscriber)
  })
