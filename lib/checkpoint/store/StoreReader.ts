import { isLeft } from 'fp-ts/lib/Either.js'
import { from, mergeMap, toArray } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { CheckpointError, isCheckpointError } from '../CheckpointError.js'
import type { StateCodec } from '../StateCodec.js'
import type { IdBlock, SinkRecord } from './AttemptLedger.js'
import {
  checkpointFile,
  committedFile,
  fromText,
  ownedFile,
  type RestoredFile,
  restoredFile,
  sinksFile,
  type Verdict,
  verdictFile,
} from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoredCheckpoint } from './CheckpointStore.js'
import { type AttemptEntry, attemptsIn, blockKey, blocksIn, keysOfAttempt } from './storeKeys.js'

/** How many keys are read at a time. */
const CONCURRENCY = 16

/** What an unreadable text under its own key means: an error, or that the one before is taken. */
export type OnCorrupt = 'fail' | 'previous'

/** An attempt that exists in a store. */
export interface StoredAttemptEntry extends AttemptEntry {
  /** It has taken over from the attempts before. Otherwise it is pending: it may still do so, or be refused. */
  readonly active: boolean
}

/** A block of ids that is reserved. */
export interface OwnedBlock extends IdBlock {
  /** The name of the attempt that has reserved it; undefined when that cannot be told. */
  readonly owner: string | undefined
}

/** Reads what attempts have left in a storage. */
export class StoreReader {
  /** Of attempts that there are. */
  private verdicts: ReadonlyMap<string, Verdict> = new Map()
  /** How many attempts there were, the last time, that were refused. */
  refused = 0

  constructor(
    private readonly storage: CheckpointStorage,
    private readonly onCorrupt: OnCorrupt,
    /** What to call a key in messages: a path, for files. */
    private readonly placeOf: (key: string) => string,
  ) {}

  /** The attempts that exist, newest first: those that have taken over, and those that may still do so. */
  *attempts(): Generator<Step, readonly StoredAttemptEntry[]> {
    const found: StoredAttemptEntry[] = []
    const verdicts = new Map<string, Verdict>()
    for (const entry of attemptsIn(yield* result(this.storage.list('attempt-')))) {
      const verdict = entry.decided && !entry.unrecorded ? yield* this.verdictOf(entry.name) : undefined
      if (verdict !== undefined) verdicts.set(entry.name, verdict)
      const taken = entry.unrecorded || verdict?.taken
      if (taken !== false) found.push({ ...entry, active: taken === true })
    }
    this.verdicts = verdicts
    this.refused = [...verdicts.values()].filter(({ taken }) => !taken).length
    return found
  }

  /**
   * Whether an attempt has taken over; undefined when that is not decided. A verdict never changes, so each is read once. There is none
   * before it that `previous` could take: one that cannot be read is decided, most likely as almost all are.
   */
  *verdictOf(attempt: string): Generator<Step, Verdict | undefined> {
    const unreadable = { taken: true, by: attempt, writer: '' }
    return this.verdicts.get(attempt) ?? (yield* this.read(keysOfAttempt(attempt).verdict, verdictFile, { unreadable }))
  }

  /**
   * The newest checkpoint of an attempt with an id below `before`, or else what it started from. `checkpoint: null` is a fresh start;
   * undefined: it has none (or, with `previous`, nothing of it can be read).
   */
  *newest(attempt: AttemptEntry, before = Infinity): Generator<Step, RestoredFile | undefined> {
    const keys = keysOfAttempt(attempt.folder)
    for (const id of attempt.checkpointIds) {
      if (id >= before) continue
      const checkpoint = yield* this.read(keys.checkpoint(id), checkpointFile, { listed: true })
      if (checkpoint !== undefined)
        return { from: attempt.name, checkpoint: yield* this.withCommitted(keys.committed(id), checkpoint) }
    }
    if (!attempt.begun) return undefined
    const restored = yield* this.read(keys.restored, restoredFile, { listed: true })
    if (restored === undefined || restored.checkpoint === null) return restored
    if (restored.checkpoint.checkpointId >= before) return undefined
    const checkpoint = yield* this.withCommitted(keys.committed(undefined), restored.checkpoint)
    return { from: restored.from, checkpoint }
  }

  /**
   * All checkpoints of an attempt with an id above `base`, what it started from included, with their marks. These may be as many as fit
   * into `transaction.timeout.ms`, and the checkpoint that runs waits for them.
   */
  *allSince(attempt: AttemptEntry, base: number): Generator<Step, readonly StoredCheckpoint[]> {
    const keys = keysOfAttempt(attempt.folder)
    const found = yield* result(
      from(attempt.checkpointIds.filter((id) => id > base)).pipe(
        mergeMap((id) => coroutine(() => this.checkpointAt(keys, id)), CONCURRENCY),
        toArray(),
      ),
    )
    const since = found.flatMap((checkpoint) => checkpoint ?? [])
    const restored = (yield* this.read(keys.restored, restoredFile))?.checkpoint
    if (!restored || restored.checkpointId <= base) return since
    return [...since, yield* this.withCommitted(keys.committed(undefined), restored)]
  }

  *restoredAt(key: string): Generator<Step, RestoredFile | undefined> {
    return yield* this.read(key, restoredFile)
  }

  *sinksAt(key: string): Generator<Step, readonly SinkRecord[]> {
    return (yield* this.read(key, sinksFile)) ?? []
  }

  /** Who has claimed an attempt; undefined when that cannot be told. */
  *claimantOf(attempt: AttemptEntry): Generator<Step, string | undefined> {
    return (yield* this.read(keysOfAttempt(attempt.folder).claim, ownedFile))?.writer
  }

  /** All blocks of ids, in their order. */
  *blocks(): Generator<Step, readonly OwnedBlock[]> {
    const blocks = blocksIn(yield* result(this.storage.list('ids/')))
    const owners = yield* result(
      from(blocks).pipe(
        mergeMap((block) => coroutine(() => this.ownerOf(block)), CONCURRENCY),
        toArray(),
      ),
    )
    return owners.sort((a, b) => a.first - b.first)
  }

  private *ownerOf(block: IdBlock): Generator<Step, OwnedBlock> {
    return { ...block, owner: (yield* this.read(blockKey(block), ownedFile))?.attempt }
  }

  private *checkpointAt(
    keys: ReturnType<typeof keysOfAttempt>,
    id: number,
  ): Generator<Step, StoredCheckpoint | undefined> {
    const checkpoint = yield* this.read(keys.checkpoint(id), checkpointFile)
    return checkpoint && (yield* this.withCommitted(keys.committed(id), checkpoint))
  }

  private *withCommitted(key: string, checkpoint: StoredCheckpoint): Generator<Step, StoredCheckpoint> {
    const committed = yield* this.read(key, committedFile)
    return committed === undefined ? checkpoint : { ...checkpoint, committed }
  }

  /**
   * @param listed it was there a moment ago
   * @param unreadable what it counts as, with `previous`, when it is there and cannot be read
   */
  private *read<A>(
    key: string,
    codec: StateCodec<A>,
    { listed = false, unreadable }: { readonly listed?: boolean; readonly unreadable?: A } = {},
  ): Generator<Step, A | undefined> {
    const text = yield* result(this.storage.read(key))
    if (text === undefined && listed) throw changedMeanwhile(this.placeOf(key))
    if (text === undefined) return undefined
    const decoded = fromText(codec, this.placeOf(key), text)
    if (!isLeft(decoded)) return decoded.right
    // What another release has written is not damaged: going on without it would double records unnoticed.
    if (this.onCorrupt === 'fail' || decoded.left._tag === 'UnknownVersion') throw decoded.left
    return unreadable
  }
}

/** What was listed is gone: who looks again sees what came in its place. What a storage throws is no `CheckpointError` yet. */
export const isRemovedMeanwhile = (error: unknown): boolean => isCheckpointError(error) && error._tag === 'StoreFailed'

/** Nothing may be taken for a fresh start because somebody else has tidied while this attempt was reading. */
const changedMeanwhile = (place: string): CheckpointError =>
  new CheckpointError(
    'StoreFailed',
    `${place} was removed while it was about to be read, by another process. The next attempt reads anew.`,
  )
