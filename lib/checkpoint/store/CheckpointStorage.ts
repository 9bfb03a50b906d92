import type { Observable } from 'rxjs'

/**
 * Where the texts of a checkpoint store lie: a strongly consistent map from keys to texts. It is all that a store has to bring;
 * attempts, rivals, leases, rescaling, marks and retention are written once above it, in {@link checkpointStoreOn}.
 *
 * Keys are paths of ASCII letters, digits, `-`, `,`, `.` and `/`. One job has one storage.
 *
 * What the calls must promise, each acting once per subscription:
 *
 * - `create` and `write` are each all or nothing, and durable when they emit. Of several that create one key, one gets `true`.
 * - `list` and `read` see every `create`, `write` and `delete` that emitted before they were asked. `list` is complete, however
 *   many pages it takes.
 * - A call whose answer is lost (it errors) may have acted or not; the store finds out by reading.
 *
 * An object store has them as conditional writes (S3: `If-None-Match: *`). `describeCheckpointStorageContract` of `rx-kafka/conformance` says
 * whether a storage keeps these promises.
 */
export interface CheckpointStorage {
  /** The keys that begin with `prefix`, in any order. */
  list(prefix: string): Observable<readonly string[]>
  /** The text of a key; undefined when there is none. */
  read(key: string): Observable<string | undefined>
  /** Writes a key that is not there; false, and without effect, when it is. */
  create(key: string, text: string): Observable<boolean>
  /** Writes a key, whether it is there or not. */
  write(key: string, text: string): Observable<void>
  /** Removes a key; nothing when it is not there. */
  delete(key: string): Observable<void>
}
