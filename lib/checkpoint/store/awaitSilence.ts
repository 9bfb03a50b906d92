import { concatMap, defer, last, type Observable, of, range, type SchedulerLike, throwError, timer } from 'rxjs'
import { stillRunning } from './attemptErrors.js'
import { type AttemptClaim, attemptName } from './AttemptOrder.js'
import { LEASE_MS, LEASE_RENEWAL_MS } from './CheckpointStore.js'

/** A lease as it was found: another beat the next time says that its owner lives. */
export interface FoundLease extends AttemptClaim {
  readonly beat: string | number
}

/**
 * Emits when none of the attempts that have a lease has renewed it for `LEASE_MS`; at once when there is none. A `Rescale` error
 * as soon as one has. Compares beats, not times: the clocks of two machines need not agree.
 */
export const awaitSilence = (
  parallelism: number,
  find: () => Observable<readonly FoundLease[]>,
  scheduler: SchedulerLike,
): Observable<void> =>
  defer(find).pipe(
    concatMap((first) => {
      if (first.length === 0) return of(undefined)
      const beats = new Map(first.map((lease) => [attemptName(lease), lease.beat]))
      return range(0, LEASE_MS / LEASE_RENEWAL_MS).pipe(
        concatMap(() => timer(LEASE_RENEWAL_MS, scheduler).pipe(concatMap(find))),
        concatMap((leases) => {
          const alive = leases.filter((lease) => beats.get(attemptName(lease)) !== lease.beat)
          return alive.length > 0 ? throwError(() => stillRunning(parallelism, alive.map(attemptName))) : of(undefined)
        }),
        last(),
      )
    }),
  )
