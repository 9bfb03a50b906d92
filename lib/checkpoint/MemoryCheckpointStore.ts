import { isLeft } from 'fp-ts/lib/Either.js'
import { asyncScheduler, concatMap, defer, type Observable, of, throwError } from 'rxjs'
import { superseded } from './attemptErrors.js'
import { type AttemptClaim, attemptName, attemptNamed, byAge, rivalsOf, supersedes } from './AttemptOrder.js'
import { awaitSilence } from './awaitSilence.js'
import type { RestoredFile } from './CheckpointFile.js'
import type { AttemptRequest, CheckpointStore, StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { type JobShare, wholeJob } from './JobShare.js'
import { restoredFor } from './restoredFor.js'
import { superfluous } from './superfluous.js'

interface KeptAttempt extends AttemptClaim {
  /** JSON of the newest checkpoint, or of what it started from; undefined at a fresh start */
  newest: string | undefined
  checkpointed: boolean
  beat: number
  leased: boolean
}

/**
 * Keeps the checkpoints of a job in this process: attempts survive, a restart of the process does not. Copies by JSON, so that
 * what is restored is what a file would hold. Several coordinators may share it as processes share files: see
 * `FileCheckpointStore`, whose rules it has.
 */
export class MemoryCheckpointStore implements CheckpointStore {
  /** newest first */
  private attempts: readonly KeptAttempt[] = []
  private readonly kept: string[] = []

  /** The savepoints, oldest first. */
  get savepoints(): readonly StoredCheckpoint[] {
    return this.kept.map(parse)
  }

  begin(request: AttemptRequest = { share: wholeJob, scheduler: asyncScheduler }): Observable<StoredAttempt> {
    return defer(() => {
      const { share, after, scheduler } = request
      const own = after === undefined ? undefined : attemptNamed(after)
      return (own === undefined ? of(undefined) : this.whileNewest(own, () => undefined)).pipe(
        concatMap(() =>
          awaitSilence(
            share.parallelism,
            () => of(rivalsOf(share, this.attempts).filter(({ leased }) => leased)),
            scheduler,
          ),
        ),
        concatMap(() => this.open(share)),
      )
    })
  }

  private open(share: JobShare): Observable<StoredAttempt> {
    const former = this.attempts.map(({ newest, number, share }) => ({ number, share, newest: asFile(newest) }))
    const restored = restoredFor(share, former)
    if (isLeft(restored)) return throwError(() => restored.left)
    const { checkpoint } = restored.right
    const attempt: KeptAttempt = {
      number: (this.attempts[0]?.number ?? 0) + 1,
      share,
      newest: checkpoint === null ? undefined : JSON.stringify(checkpoint),
      ...{ checkpointed: false, beat: 0, leased: false },
    }
    this.attempts = [...this.attempts, attempt].sort(byAge)
    const act = (write: () => void) => this.whileNewest(attempt, write)
    return of({
      attemptId: attemptName(attempt),
      restored: checkpoint === null ? undefined : parse(JSON.stringify(checkpoint)),
      complete: (stored) => act(() => this.keep(attempt, stored)),
      markCommitted: (checkpointId, uid, ids) =>
        act(() => {
          if (attempt.newest === undefined) return
          attempt.newest = JSON.stringify(withMarks(parse(attempt.newest), checkpointId, uid, ids))
        }),
      lease: {
        renew: () =>
          act(() => {
            attempt.beat += 1
            attempt.leased = true
          }),
        release: () =>
          defer(() => {
            attempt.leased = false
            return of(undefined)
          }),
      },
    })
  }

  private keep(attempt: KeptAttempt, checkpoint: StoredCheckpoint): void {
    attempt.newest = JSON.stringify(checkpoint)
    attempt.checkpointed = true
    if (checkpoint.savepoint) this.kept.push(attempt.newest)
    const needless = superfluous(this.attempts)
    this.attempts = this.attempts.filter((other) => !needless.includes(other))
  }

  private whileNewest(attempt: AttemptClaim, write: () => void): Observable<void> {
    return defer(() => {
      const newer = this.attempts.find((other) => supersedes(other, attempt))
      if (newer !== undefined) return throwError(() => superseded(attempt, newer))
      write()
      return of(undefined)
    })
  }
}

const parse = (json: string): StoredCheckpoint => JSON.parse(json) as StoredCheckpoint

const asFile = (json: string | undefined): RestoredFile => ({
  from: null,
  checkpoint: json === undefined ? null : parse(json),
})

const withMarks = (
  checkpoint: StoredCheckpoint,
  checkpointId: number,
  uid: string,
  ids: readonly string[],
): StoredCheckpoint => {
  if (checkpoint.checkpointId !== checkpointId) return checkpoint
  const committed = new Set([...(checkpoint.committed[uid] ?? []), ...ids])
  return { ...checkpoint, committed: { ...checkpoint.committed, [uid]: [...committed] } }
}
