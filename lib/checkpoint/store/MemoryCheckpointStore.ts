import { isLeft } from 'fp-ts/lib/Either.js'
import type { Observable } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { checkpointStoreOn } from './checkpointStoreOn.js'
import { checkpointFile, fromText } from './CheckpointFile.js'
import { memoryStorage } from './memoryStorage.js'

/**
 * Keeps the checkpoints of a job in this process: attempts survive, a restart of the process does not. It holds texts, as files
 * would. Several coordinators may share it as processes share files: see {@link checkpointStoreOn}, whose rules it has.
 *
 * @example
 * ```ts
 * const store = new MemoryCheckpointStore()
 * const checkpoints = CheckpointCoordinator.create({ interval: 1_000, store })
 * source.elements({ checkpoints }).pipe(sinkTo(sink), restart()).subscribe()
 * console.log(store.savepoints.length)
 * ```
 */
export class MemoryCheckpointStore implements CheckpointStore {
  private readonly texts = new Map<string, string>()
  private readonly store = checkpointStoreOn(memoryStorage(this.texts))

  /** The savepoints, oldest first. */
  get savepoints(): readonly StoredCheckpoint[] {
    return [...this.texts].flatMap(([key, text]) => (key.startsWith('savepoints/') ? [savepointOf(key, text)] : []))
  }

  begin(request?: AttemptRequest): Observable<StoredAttempt> {
    return this.store.begin(request)
  }
}

const savepointOf = (key: string, text: string): StoredCheckpoint => {
  const decoded = fromText(checkpointFile, key, text)
  if (isLeft(decoded)) throw decoded.left
  return decoded.right
}
