import { defer, map, tap } from 'rxjs'
import type { CheckpointStore, StoredAttempt } from '../../lib/checkpoint/CheckpointStore.js'

/**
 * Where a crash hurts: a transaction is open; it is flushed and its checkpoint is not stored; the checkpoint is stored and the
 * transaction is not committed; it is committed and that is not noted.
 */
export const CRASH_POINTS = ['open', 'prepared', 'stored', 'committed'] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

/** Tells of the two crash points that lie in the store. */
export const watchedStore = (store: CheckpointStore, at: (point: CrashPoint) => void): CheckpointStore => ({
  begin: () =>
    store.begin().pipe(
      map((attempt): StoredAttempt => ({
        attemptId: attempt.attemptId,
        restored: attempt.restored,
        complete: (checkpoint) => attempt.complete(checkpoint).pipe(tap(() => at('stored'))),
        markCommitted: (checkpointId, uid, ids) =>
          defer(() => {
            at('committed')
            return attempt.markCommitted(checkpointId, uid, ids)
          }),
      })),
    ),
})
