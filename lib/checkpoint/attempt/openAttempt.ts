import { catchError, concatMap, map, type Observable, of, throwError } from 'rxjs'
import type { ResolvedCheckpointConfig } from '../CheckpointConfig.js'
import { CheckpointWriter } from './CheckpointWriter.js'
import type { JobShare } from '../JobShare.js'
import { ReservedIds } from './ReservedIds.js'
import { RestoredState } from '../recovery/RestoredState.js'
import type { FormerHolder } from '../store/AttemptLedger.js'
import type { AttemptRequest, StoredAttempt } from '../store/CheckpointStore.js'

/** What an attempt works with, once its store has answered. */
export interface OpenedAttempt {
  readonly stored: StoredAttempt
  readonly share: JobShare
  readonly restored: RestoredState
  readonly writer: CheckpointWriter
  readonly ids: ReservedIds
  /** Where no other attempt may run there was nothing to wait for: it has taken over from these. */
  readonly former: readonly FormerHolder[] | undefined
}

/** Restores, and reserves the first ids. The attempt is over for the store when that fails. */
export const openAttempt = (
  { store, scheduler, timeout, maxConcurrent }: ResolvedCheckpointConfig,
  request: Pick<AttemptRequest, 'share' | 'after' | 'claimant'>,
): Observable<OpenedAttempt> =>
  // Half of what a checkpoint may take, so that it does not fail by the wait.
  store.begin({ ...request, takeOverLater: true, takeOverPatience: timeout / 2, scheduler }).pipe(
    concatMap((stored) =>
      firstIds(stored, maxConcurrent).pipe(
        concatMap((ids) => takenOverAtOnce(stored).pipe(map((former) => ({ stored, ids, former })))),
        catchError((error: unknown) => {
          releaseLease(stored)
          return throwError(() => error)
        }),
      ),
    ),
    map(({ stored, ids, former }) => ({
      ...{ stored, ids, former, share: request.share },
      restored: new RestoredState(stored.restored, request.share.parallelism),
      writer: new CheckpointWriter(stored),
    })),
  )

/** The attempt is over. Without that the next one finds out by its silence. */
export const releaseLease = ({ lease }: StoredAttempt): void => {
  lease?.release().subscribe({ error: () => undefined })
}

/** The first checkpoint comes before the first record, so its id must be there by then. */
const firstIds = ({ ledger, restored }: StoredAttempt, maxConcurrent: number): Observable<ReservedIds> => {
  const ids = new ReservedIds(ledger)
  return ids.ensure(restored?.checkpointId ?? 0, maxConcurrent + 1).pipe(map(() => ids))
}

const takenOverAtOnce = ({ ledger }: StoredAttempt): Observable<readonly FormerHolder[] | undefined> => {
  if (ledger === undefined) return of([])
  return ledger.mayReplace ? of(undefined) : ledger.takeOver()
}
