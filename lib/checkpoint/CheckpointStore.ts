import type { Observable } from 'rxjs'

/** A checkpoint as it is stored: plain JSON. */
export interface StoredCheckpoint {
  readonly checkpointId: number
  /** ms since the epoch */
  readonly timestamp: number
  readonly savepoint: boolean
  readonly parallelism: number
  /** state by uid, each an array with one entry per subtask; null where a subtask has none */
  readonly states: Readonly<Record<string, readonly unknown[]>>
  /** ids of committables known to be committed, by uid */
  readonly committed: Readonly<Record<string, readonly string[]>>
}

/**
 * One attempt's own folder in a store. Exclusive: what a former attempt still writes later is ignored, and it learns so by a
 * `Superseded` error, before it could commit anything. One call at a time.
 */
export interface StoredAttempt {
  readonly attemptId: string
  /** The newest complete checkpoint of the attempts before; undefined at a fresh start. */
  readonly restored: StoredCheckpoint | undefined
  /** Durable when it emits. Subsumes older checkpoints. */
  complete(checkpoint: StoredCheckpoint): Observable<void>
  /**
   * Durable when it emits. For the attempt's newest checkpoint, or the restored one as long as it has none of its own; without
   * effect for any other.
   */
  markCommitted(checkpointId: number, uid: string, ids: readonly string[]): Observable<void>
}

/** Where completed checkpoints live: a port. Calls act once per subscription. */
export interface CheckpointStore {
  begin(): Observable<StoredAttempt>
}
