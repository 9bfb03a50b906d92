import { isLeft } from 'fp-ts/lib/Either.js'
import { join } from 'node:path'
import { type AttemptClaim, attemptName, attemptNamed, byAge } from './AttemptOrder.js'
import { checkpointFile, committedFile, fromText, type RestoredFile, restoredFile, toText } from './CheckpointFile.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import type { FileSystem } from './FileSystem.js'
import type { JobShare } from './JobShare.js'
import type { StateCodec } from './StateCodec.js'

/** What an unreadable file under its final name means: an error, or that the one before is taken. */
export type OnCorrupt = 'fail' | 'previous'

/**
 * The folder of one attempt, `attempt-000007` (see `attemptName`):
 *
 * - `restored.json`: what it started from, and its first file. A folder without it has never been an attempt.
 * - `chk-<id>.json`: its checkpoints, the newest and the one before.
 * - `restored.committed.json`, `chk-<id>.committed.json`: committables known to be committed.
 * - `lease.json`: changes as long as the attempt lives, and goes when it ends.
 * - The folder itself ends in `.closed` when the parallelism has been changed after it.
 * - `….tmp`: a file that was never finished. Not read.
 */
export class AttemptFolder implements AttemptClaim {
  readonly name: string
  readonly path: string
  readonly number: number
  readonly share: JobShare

  constructor(
    private readonly files: FileSystem,
    private readonly root: string,
    claim: AttemptClaim,
    private readonly closed = false,
  ) {
    this.number = claim.number
    this.share = claim.share
    this.name = attemptName(claim)
    this.path = join(root, closed ? `${this.name}.closed` : this.name)
  }

  /** The attempts in a store, newest first. */
  static async all(files: FileSystem, root: string): Promise<readonly AttemptFolder[]> {
    const names = await files.list(root)
    return names
      .flatMap((name) => {
        const closed = name.endsWith('.closed')
        const claim = attemptNamed(closed ? name.slice(0, -'.closed'.length) : name)
        return claim === undefined ? [] : [new AttemptFolder(files, root, claim, closed)]
      })
      .sort(byAge)
  }

  /** False when another one was quicker. Durable. */
  async make(): Promise<boolean> {
    if (!(await this.files.makeDirectoryExclusively(this.path))) return false
    await this.files.syncDirectory(this.root)
    return true
  }

  writeRestored(restored: RestoredFile): Promise<void> {
    return this.write('restored.json', toText(restoredFile, restored))
  }

  writeCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    return this.write(`${checkpointName(checkpoint.checkpointId)}.json`, toText(checkpointFile, checkpoint))
  }

  /** @param checkpointId undefined: the restored one's */
  writeCommitted(checkpointId: number | undefined, committed: StoredCheckpoint['committed']): Promise<void> {
    return this.write(`${checkpointName(checkpointId)}.committed.json`, toText(committedFile, committed))
  }

  /**
   * The checkpoint that a restore from this attempt takes: its newest, or what it started from itself. `checkpoint: null` is
   * a fresh start; undefined: this never was an attempt (or, with `previous`, nothing of it can be read).
   */
  async newest(onCorrupt: OnCorrupt): Promise<RestoredFile | undefined> {
    for (const checkpointId of await this.checkpointIds()) {
      const checkpoint = await this.read(`${checkpointName(checkpointId)}.json`, checkpointFile, onCorrupt)
      if (checkpoint !== undefined)
        return { from: this.name, checkpoint: await this.withCommitted(checkpointId, checkpoint, onCorrupt) }
    }
    const restored = await this.read('restored.json', restoredFile, onCorrupt)
    if (restored === undefined || restored.checkpoint === null) return restored
    return { from: restored.from, checkpoint: await this.withCommitted(undefined, restored.checkpoint, onCorrupt) }
  }

  /** Deletes what the newest checkpoint subsumes, but for the one before it. */
  async prune(): Promise<void> {
    for (const checkpointId of (await this.checkpointIds()).slice(2))
      for (const ending of ['.json', '.committed.json'])
        await this.files.remove(join(this.path, checkpointName(checkpointId) + ending))
  }

  /**
   * Gives it another name, so that its owner finds nothing to write to: what all subtasks of a changed parallelism read of it is
   * the same then.
   */
  async close(): Promise<void> {
    if (this.closed) return
    try {
      await this.files.rename(this.path, `${this.path}.closed`)
    } catch (error) {
      // Another subtask was quicker, or it is not needed any more.
      if ((await this.files.list(this.path)).length > 0) throw error
    }
  }

  async hasCheckpoint(): Promise<boolean> {
    return (await this.checkpointIds()).length > 0
  }

  writeLease(beat: number): Promise<void> {
    return this.files.write(this.leaseFile, `{"beat":${beat}}\n`)
  }

  removeLease(): Promise<void> {
    return this.files.remove(this.leaseFile)
  }

  /** Undefined: released, or never taken. */
  readLease(): Promise<string | undefined> {
    return this.files.read(this.leaseFile)
  }

  remove(): Promise<void> {
    return this.files.remove(this.path)
  }

  private get leaseFile(): string {
    return join(this.path, 'lease.json')
  }

  /** Newest first. */
  private async checkpointIds(): Promise<readonly number[]> {
    const names = await this.files.list(this.path)
    return names
      .flatMap((name) => /^chk-(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a)
  }

  private async withCommitted(
    id: number | undefined,
    checkpoint: StoredCheckpoint,
    onCorrupt: OnCorrupt,
  ): Promise<StoredCheckpoint> {
    const committed = await this.read(`${checkpointName(id)}.committed.json`, committedFile, onCorrupt)
    return committed === undefined ? checkpoint : { ...checkpoint, committed }
  }

  private async read<A>(name: string, codec: StateCodec<A>, onCorrupt: OnCorrupt): Promise<A | undefined> {
    const path = join(this.path, name)
    const text = await this.files.read(path)
    if (text === undefined) return undefined
    const decoded = fromText(codec, path, text)
    if (!isLeft(decoded)) return decoded.right
    if (onCorrupt === 'fail') throw decoded.left
    return undefined
  }

  private write(name: string, text: string): Promise<void> {
    return writeDurably(this.files, this.path, name, text)
  }
}

/** The whole file under its final name, or nothing; durable when done. */
export const writeDurably = async (files: FileSystem, directory: string, name: string, text: string): Promise<void> => {
  const path = join(directory, name)
  await files.write(`${path}.tmp`, text)
  await files.rename(`${path}.tmp`, path)
  await files.syncDirectory(directory)
}

const checkpointName = (checkpointId: number | undefined): string =>
  checkpointId === undefined ? 'restored' : `chk-${checkpointId}`
