import { isLeft } from 'fp-ts/lib/Either.js'
import { join, resolve } from 'node:path'
import { asyncScheduler, defer, firstValueFrom, from, type Observable } from 'rxjs'
import { superseded } from './attemptErrors.js'
import { AttemptFolder, type OnCorrupt, writeDurably } from './AttemptFolder.js'
import { type AttemptClaim, attemptNamed, byAge, rivalsOf, supersedes } from './AttemptOrder.js'
import { awaitSilence, type FoundLease } from './awaitSilence.js'
import { checkpointFile, toText } from './CheckpointFile.js'
import { CheckpointError, isCheckpointError, reasonOf } from './CheckpointError.js'
import type { AttemptRequest, CheckpointStore, StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { type FileSystem, nodeFileSystem } from './FileSystem.js'
import { type JobShare, wholeJob } from './JobShare.js'
import { type FormerAttempt, restoredFor } from './restoredFor.js'
import { type BegunAttempt, superfluous } from './superfluous.js'

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
 * - **Processes may share it**, each with subtasks of its own: an attempt takes over from those that had a subtask of it, and lets
 *   the others be. Kept of each is the newest checkpoint and the one before it; the folder of a former attempt goes when all its
 *   subtasks have a checkpoint in newer ones; after a change of the parallelism, when all new subtasks have one.
 * - Savepoints stay in `savepoints/` until somebody deletes them. To start from one, put it as `chk-<id>.json` into
 *   the newest attempt's folder with a higher id.
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

  begin(request: AttemptRequest = { share: wholeJob, scheduler: asyncScheduler }): Observable<StoredAttempt> {
    return defer(() => from(this.start(request)))
  }

  private async start(request: AttemptRequest): Promise<StoredAttempt> {
    try {
      await this.files.makeDirectory(this.directory)
      await this.mayBegin(request)
      const folder = await this.makeFolder(request.share)
      try {
        return await this.guarded(folder, () => this.open(folder))
      } catch (error) {
        await folder.remove().catch(() => undefined)
        throw error
      }
    } catch (error) {
      throw storeFailed(this.directory, error)
    }
  }

  /** Asked before there is a folder, since that would supersede those who run. */
  private async mayBegin({ share, after, scheduler }: AttemptRequest): Promise<void> {
    const own = after === undefined ? undefined : attemptNamed(after)
    if (own !== undefined) await this.checkNewest(own)
    const leasesOfRivals = async (): Promise<readonly FoundLease[]> => {
      const rivals = rivalsOf(share, await AttemptFolder.all(this.files, this.directory))
      const leases: FoundLease[] = []
      for (const folder of rivals) {
        const beat = await folder.readLease()
        if (beat !== undefined) leases.push({ number: folder.number, share: folder.share, beat })
      }
      return leases
    }
    await firstValueFrom(awaitSilence(share.parallelism, () => from(leasesOfRivals()), scheduler))
    const restored = restoredFor(share, await this.begun(await AttemptFolder.all(this.files, this.directory)))
    if (isLeft(restored)) throw restored.left
  }

  private async open(folder: AttemptFolder): Promise<StoredAttempt> {
    for (const former of await this.before(folder))
      if (former.share.parallelism !== folder.share.parallelism) await former.close()
    const restored = restoredFor(folder.share, await this.begun(await this.before(folder)))
    if (isLeft(restored)) throw restored.left
    await folder.writeRestored(restored.right)
    await this.checkNewest(folder)
    return this.attempt(folder, restored.right.checkpoint ?? undefined)
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

  private async makeFolder(share: JobShare): Promise<AttemptFolder> {
    for (;;) {
      const [newest] = await AttemptFolder.all(this.files, this.directory)
      const folder = new AttemptFolder(this.files, this.directory, { number: (newest?.number ?? 0) + 1, share })
      if (await folder.make()) return folder
    }
  }

  private async before(folder: AttemptFolder): Promise<readonly AttemptFolder[]> {
    return (await AttemptFolder.all(this.files, this.directory)).filter((other) => byAge(folder, other) < 0)
  }

  /** Those that have begun, each with what a restore would take from it. */
  private async begun(folders: readonly AttemptFolder[]): Promise<readonly FormerAttempt[]> {
    const begun: FormerAttempt[] = []
    for (const former of folders) {
      const newest = await former.newest(this.onCorrupt)
      if (newest !== undefined) begun.push({ number: former.number, share: former.share, newest })
    }
    return begun
  }

  private async checkNewest(own: AttemptClaim): Promise<void> {
    const newer = (await AttemptFolder.all(this.files, this.directory)).find((other) => supersedes(other, own))
    if (newer !== undefined) throw superseded(own, newer)
  }

  private attempt(folder: AttemptFolder, restored: StoredCheckpoint | undefined): StoredAttempt {
    let beat = 0
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

    const renew = async (): Promise<void> => {
      await this.checkNewest(folder)
      await folder.writeLease(++beat)
    }

    const once = (write: () => Promise<void>) => defer(() => from(this.guarded(folder, write)))

    return {
      attemptId: folder.name,
      restored,
      complete: (checkpoint) => once(() => complete(checkpoint)),
      markCommitted: (checkpointId, uid, ids) => once(() => markCommitted(checkpointId, uid, ids)),
      lease: {
        renew: () => once(renew),
        release: () => once(() => folder.removeLease()),
      },
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
    const begun: (BegunAttempt & { readonly folder: AttemptFolder })[] = []
    for (const other of await AttemptFolder.all(this.files, this.directory)) {
      const { number, share } = other
      const newest = await other.newest('previous')
      if (newest !== undefined) begun.push({ number, share, folder: other, checkpointed: await other.hasCheckpoint() })
      else if (supersedes(folder, other)) await other.remove()
    }
    for (const { folder: other } of superfluous(begun)) await other.remove()
  }
}

const storeFailed = (directory: string, error: unknown): CheckpointError =>
  isCheckpointError(error)
    ? error
    : new CheckpointError('StoreFailed', `The checkpoint store in ${directory} failed: ${reasonOf(error)}`, {
        cause: error,
      })
