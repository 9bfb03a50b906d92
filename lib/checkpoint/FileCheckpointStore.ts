import { join, resolve } from 'node:path'
import { defer, from, type Observable } from 'rxjs'
import { AttemptFolder, type OnCorrupt, writeDurably } from './AttemptFolder.js'
import { checkpointFile, toText } from './CheckpointFile.js'
import { CheckpointError, isCheckpointError, reasonOf, superseded } from './CheckpointError.js'
import type { CheckpointStore, StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { type FileSystem, nodeFileSystem } from './FileSystem.js'

export interface FileCheckpointStoreOptions {
  /** `fail` (the default): a `Corrupt` error. `previous`: the checkpoint before, which may double records. */
  readonly onCorrupt?: OnCorrupt | undefined
  /** The file system of this machine, or one that a spec can stop. */
  readonly files?: FileSystem | undefined
}

/**
 * Keeps the checkpoints of one job in a directory, as readable JSON: they survive the process, and a loss of power.
 *
 * - **Each attempt has a folder of its own**, made exclusively and numbered. What it started from is its first file, so no
 *   attempt depends on the folder of another, and what a former one (a zombie) still writes is ignored.
 * - **A zombie completes nothing.** Who starts makes its folder, then reads; who completes a checkpoint writes it, then looks
 *   for a newer folder. So either the new attempt has seen the checkpoint, or the zombie sees the new attempt, gets a
 *   `Superseded` error and commits nothing.
 * - A file is written under a temporary name, synced, renamed, and its directory synced. So a file under its final name is
 *   complete; one that cannot be read was damaged, and is an error.
 * - Kept are the newest checkpoint and the one before it; the folders of former attempts go with the first own checkpoint.
 *   Savepoints stay in `savepoints/` until somebody deletes them. To start from one, put it as `chk-<id>.json` into the newest
 *   attempt's folder with a higher id.
 *
 * All work on files is asynchronous. Needed is a local file system, or one with the same promises for `mkdir` and `rename`.
 */
export class FileCheckpointStore implements CheckpointStore {
  private readonly directory: string
  private readonly files: FileSystem
  private readonly onCorrupt: OnCorrupt

  constructor(directory: string, { files = nodeFileSystem, onCorrupt = 'fail' }: FileCheckpointStoreOptions = {}) {
    this.directory = resolve(directory)
    this.files = files
    this.onCorrupt = onCorrupt
  }

  begin(): Observable<StoredAttempt> {
    return defer(() => from(this.start()))
  }

  private async start(): Promise<StoredAttempt> {
    try {
      await this.files.makeDirectory(this.directory)
      const folder = await this.makeFolder()
      return await this.guarded(folder, async () => {
        const restored = (await this.newestBefore(folder)) ?? { from: null, checkpoint: null }
        await folder.writeRestored(restored)
        await this.checkNewest(folder)
        return this.attempt(folder, restored.checkpoint ?? undefined)
      })
    } catch (error) {
      throw storeFailed(this.directory, error)
    }
  }

  /** When something fails, the likely reason is a newer attempt, which has deleted this one's folder. */
  private async guarded<A>(folder: AttemptFolder, act: () => Promise<A>): Promise<A> {
    try {
      return await act()
    } catch (error) {
      await this.checkNewest(folder)
      throw storeFailed(this.directory, error)
    }
  }

  private async makeFolder(): Promise<AttemptFolder> {
    for (;;) {
      const [newest] = await AttemptFolder.all(this.files, this.directory)
      const folder = new AttemptFolder(this.files, this.directory, (newest?.number ?? 0) + 1)
      if (await folder.make()) return folder
    }
  }

  private async newestBefore(folder: AttemptFolder) {
    for (const before of await AttemptFolder.all(this.files, this.directory)) {
      const newest = before.number < folder.number ? await before.newest(this.onCorrupt) : undefined
      if (newest !== undefined) return newest
    }
    return undefined
  }

  private async checkNewest(folder: AttemptFolder): Promise<void> {
    const [newest] = await AttemptFolder.all(this.files, this.directory)
    if (newest !== undefined && newest.number > folder.number) throw superseded(folder.number, newest.number)
  }

  private attempt(folder: AttemptFolder, restored: StoredCheckpoint | undefined): StoredAttempt {
    let own: StoredCheckpoint | undefined
    let committed = restored?.committed ?? {}

    const complete = async (checkpoint: StoredCheckpoint): Promise<void> => {
      if (checkpoint.savepoint) await this.writeSavepoint(folder, checkpoint)
      await folder.writeCheckpoint(checkpoint)
      await this.checkNewest(folder)
      const first = own === undefined
      own = checkpoint
      committed = checkpoint.committed
      await this.tidy(folder, first).catch(() => undefined)
    }

    const markCommitted = async (checkpointId: number, uid: string, ids: readonly string[]): Promise<void> => {
      if (checkpointId !== (own ?? restored)?.checkpointId) return
      committed = { ...committed, [uid]: [...new Set([...(committed[uid] ?? []), ...ids])] }
      await folder.writeCommitted(own?.checkpointId, committed)
    }

    const once = (write: () => Promise<void>) => defer(() => from(this.guarded(folder, write)))

    return {
      attemptId: folder.name,
      restored,
      complete: (checkpoint) => once(() => complete(checkpoint)),
      markCommitted: (checkpointId, uid, ids) => once(() => markCommitted(checkpointId, uid, ids)),
    }
  }

  private async writeSavepoint(folder: AttemptFolder, checkpoint: StoredCheckpoint): Promise<void> {
    const savepoints = join(this.directory, 'savepoints')
    await this.files.makeDirectory(savepoints)
    const name = `savepoint-${folder.number}-${checkpoint.checkpointId}.json`
    await writeDurably(this.files, savepoints, name, toText(checkpointFile, checkpoint))
  }

  /** What is left lying here costs room, no more: so its errors do not count. */
  private async tidy(folder: AttemptFolder, first: boolean): Promise<void> {
    await folder.prune()
    if (!first) return
    for (const before of await AttemptFolder.all(this.files, this.directory))
      if (before.number < folder.number) await before.remove()
  }
}

const storeFailed = (directory: string, error: unknown): CheckpointError =>
  isCheckpointError(error)
    ? error
    : new CheckpointError('StoreFailed', `The checkpoint store in ${directory} failed: ${reasonOf(error)}`, {
        cause: error,
      })
