import { defer, type Observable, of, throwError } from 'rxjs'
import { superseded } from './CheckpointError.js'
import type { CheckpointStore, StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'

/**
 * Keeps the checkpoints of a job in this process: attempts survive, a restart of the process does not. Copies by JSON, so that
 * what is restored is what a file would hold.
 */
export class MemoryCheckpointStore implements CheckpointStore {
  private attempts = 0
  /** JSON, of the newest attempt's lineage */
  private newest: string | undefined
  private readonly kept: string[] = []

  /** The savepoints, oldest first. */
  get savepoints(): readonly StoredCheckpoint[] {
    return this.kept.map(parse)
  }

  begin(): Observable<StoredAttempt> {
    return defer(() => {
      const attempt = ++this.attempts
      const whileNewest = (write: () => void): Observable<void> =>
        defer(() => {
          if (attempt !== this.attempts) return throwError(() => superseded(attempt, this.attempts))
          write()
          return of(undefined)
        })
      return of({
        attemptId: String(attempt),
        restored: this.newest === undefined ? undefined : parse(this.newest),
        complete: (checkpoint: StoredCheckpoint) =>
          whileNewest(() => {
            this.newest = JSON.stringify(checkpoint)
            if (checkpoint.savepoint) this.kept.push(this.newest)
          }),
        markCommitted: (checkpointId: number, uid: string, ids: readonly string[]) =>
          whileNewest(() => {
            if (this.newest !== undefined)
              this.newest = JSON.stringify(withMarks(parse(this.newest), checkpointId, uid, ids))
          }),
      })
    })
  }
}

const parse = (json: string): StoredCheckpoint => JSON.parse(json) as StoredCheckpoint

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
