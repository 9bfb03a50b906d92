import { join, resolve } from 'node:path'
import type { Observable } from 'rxjs'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from './CheckpointStore.js'
import { checkpointStoreOn } from './checkpointStoreOn.js'
import { fileStorage } from './fileStorage.js'
import { type FileSystem, nodeFileSystem } from './FileSystem.js'
import type { OnCorrupt } from './StoreReader.js'

/** What a store in files does about damage, and through what it reaches them. */
export interface FileCheckpointStoreOptions {
  /** `fail` (the default): a `Corrupt` error. `previous`: the checkpoint before, which may double records. */
  readonly onCorrupt?: OnCorrupt | undefined
  /** The file system of this machine, or one that a spec can stop. */
  readonly files?: FileSystem | undefined
}

/**
 * Keeps the checkpoints of one job in a directory, as readable JSON: they survive the process, and a loss of power. Several
 * processes may share it, each with subtasks of its own. {@link checkpointStoreOn} says what it promises, and what lies where.
 *
 * A file is written under a temporary name, synced, and given its own; so a file under its own name is complete, and one that cannot
 * be read was damaged later, which is an error. Requires a local file system, or one with the same promises for `rename` and `link`.
 *
 * @example
 * ```ts
 * const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: new FileCheckpointStore('checkpoints/my-job') })
 * ```
 */
export class FileCheckpointStore implements CheckpointStore {
  private readonly store: CheckpointStore

  constructor(directory: string, { files = nodeFileSystem, onCorrupt = 'fail' }: FileCheckpointStoreOptions = {}) {
    const root = resolve(directory)
    this.store = checkpointStoreOn(fileStorage(root, files), { onCorrupt, placeOf: (key) => join(root, key) })
  }

  begin(request?: AttemptRequest): Observable<StoredAttempt> {
    return this.store.begin(request)
  }
}
