import { forkJoin, type Observable, of } from 'rxjs'

/** The last values of all, in their order, when all have completed; RxJS's `forkJoin` of none completes without a word. */
export const allOf = <T>(all: readonly Observable<T>[]): Observable<readonly T[]> =>
  all.length === 0 ? of([]) : forkJoin(all)
