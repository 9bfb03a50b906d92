import { AsyncSubject, concatMap, Observable, type SchedulerLike } from 'rxjs'
import { endOfTurn } from './endOfTurn.js'

/**
 * Work that is done once for each subscription, to its end: unsubscribing drops its answer, not its effect. It begins at the end of the
 * turn, so that nothing is emitted during `subscribe`. Emits the last value.
 */
export const toItsEnd = <T>(work: () => Observable<T>, scheduler: SchedulerLike): Observable<T> =>
  new Observable((subscriber) => {
    const answer = new AsyncSubject<T>()
    endOfTurn(scheduler).pipe(concatMap(work)).subscribe(answer)
    return answer.subscribe(subscriber)
  })
