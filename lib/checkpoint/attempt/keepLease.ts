import {
  catchError,
  EMPTY,
  exhaustMap,
  ignoreElements,
  type Observable,
  type SchedulerLike,
  throwError,
  timer,
} from 'rxjs'
import { isFatal } from '../CheckpointError.js'
import { type AttemptLease, LEASE_RENEWAL_MS } from '../store/CheckpointStore.js'

/**
 * Shows that an attempt lives, as long as it is subscribed to. Errors when a newer attempt has taken over, which so is noticed
 * without a checkpoint too; a renewal that fails otherwise is made up for by the next one.
 */
export const keepLease = (lease: AttemptLease | undefined, scheduler: SchedulerLike): Observable<never> =>
  lease === undefined
    ? EMPTY
    : timer(0, LEASE_RENEWAL_MS, scheduler).pipe(
        exhaustMap(() =>
          lease.renew().pipe(catchError((error: unknown) => (isFatal(error) ? throwError(() => error) : EMPTY))),
        ),
        ignoreElements(),
      )
