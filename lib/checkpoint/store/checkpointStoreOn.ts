import { asyncScheduler, type Observable } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { CheckpointError, isCheckpointError, reasonOf } from '../CheckpointError.js'
import { type JobShare, wholeJob } from '../JobShare.js'
import { AttemptOnStorage } from './AttemptOnStorage.js'
import {
  type AttemptClaim,
  attemptName,
  attemptNamed,
  byAge,
  checkNotOvertaken,
  checkNotSuperseded,
  rivalsOf,
  successorIn,
  supersedes,
} from './AttemptOrder.js'
import { TAKEOVER_MS } from './AttemptLedger.js'
import { awaitSilence, type FoundLease } from './awaitSilence.js'
import { EMPTY_FILE, type RestoredFile, restoredFile, toText } from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { AttemptRequest, CheckpointStore, StoredAttempt } from './CheckpointStore.js'
import { createOwned, decide } from './createOwned.js'
import { refusalOf } from './refusalOf.js'
import { REFUSED_ATTEMPTS, removeStray } from './removeStray.js'
import { type AttemptReader, restoredFor } from './restoredFor.js'
import { isRemovedMeanwhile, type OnCorrupt, type StoredAttemptEntry, StoreReader } from './StoreReader.js'
import { type AttemptEntry, highestNumber, keysOfAttempt, rescaledKey, WRITABLE_KEY } from './storeKeys.js'

/** What a store does about damage, and how its messages name keys. */
export interface CheckpointStoreOptions {
  /** `fail` (the default): a `Corrupt` error. `previous`: the checkpoint before, which may double records. */
  readonly onCorrupt?: OnCorrupt | undefined
  /** What to call a key in messages. Default: the key. */
  readonly placeOf?: ((key: string) => string) | undefined
}

/**
 * A checkpoint store on any strongly consistent storage: what attempts may rely on, written once above the five calls of
 * {@link CheckpointStorage}. One job has one storage.
 *
 * - **An attempt exists by its claim**, a key that it alone has created, with a number above all others. What it started from is its
 *   next key, whole, so no attempt depends on the keys of another; and what a former one (a zombie) still writes is ignored.
 * - **A zombie completes nothing.** An attempt that begins creates its claim, then reads; one that completes a checkpoint writes it,
 *   then looks for a newer claim. So either the new attempt has seen the checkpoint, or the zombie sees the new attempt, gets a
 *   `Superseded` error and commits nothing.
 * - **An attempt takes over when it can begin.** Until then its claim is pending: the attempt that runs holds its next checkpoint back, and
 *   goes on after `TAKEOVER_MS` if nothing comes of it. One key says how it went; whichever attempt comes first creates it.
 * - **Ids are reserved in blocks** by creating a key, so two attempts never have the same one, however late a zombie is.
 * - **Processes may share it**, each with subtasks of its own: an attempt takes over from those that had a subtask of it, and leaves
 *   the others alone. Of each attempt the newest two checkpoints are kept, and those that a dead transaction would send the job
 *   back to; an attempt goes when newer ones have all its subtasks and have ended its transactions.
 * - Savepoints stay in `savepoints/` until somebody deletes them. To start from one, put it as `chk-<id>.json` beside the newest
 *   attempt's checkpoints, with a higher id than theirs.
 *
 * @example
 * ```ts
 * const checkpoints = CheckpointCoordinator.create({ interval: 1000, store: checkpointStoreOn(storage) })
 * ```
 */
export const checkpointStoreOn = (
  storage: CheckpointStorage,
  { onCorrupt = 'fail', placeOf = (key) => key }: CheckpointStoreOptions = {},
): CheckpointStore => {
  const reader = new StoreReader(storage, onCorrupt, placeOf)
  const where = placeOf('').replace(/\/$/, '')
  const explained = (error: unknown): CheckpointError => (isCheckpointError(error) ? error : storeFailed(where, error))

  /** Asked before there is a claim, since that would supersede those who run. */
  function* mayBegin({ share, after, claimant, scheduler }: AttemptRequest): Generator<Step, void> {
    const own = after === undefined ? undefined : attemptNamed(after)
    if (own !== undefined) yield* mayFollow(own, claimant)
    const leases = coroutine(function* () {
      const found: FoundLease[] = []
      for (const { number, share: theirs, folder } of rivalsOf(share, yield* reader.attempts())) {
        const beat = yield* result(storage.read(keysOfAttempt(folder).lease))
        if (beat !== undefined) found.push({ number, share: theirs, beat })
      }
      return found
    })
    yield* result(awaitSilence(share.parallelism, () => leases, scheduler))
    yield* rehearse(share)
  }

  /** One that runs takes checkpoints meanwhile, and deletes those before: then it is looked at anew. */
  function* rehearse(share: JobShare): Generator<Step, void> {
    const rehearsal: AttemptReader = {
      newest: (attempt, before) => reader.newest(attempt, before),
      rescaled: (_, __, whole) => whole(),
    }
    for (let tries = 1; ; tries++)
      try {
        yield* restoredFor(share, begunOf(yield* reader.attempts()), rehearsal)
        return
      } catch (error) {
        if (!isRemovedMeanwhile(error) || tries === REHEARSALS) throw error
      }
  }

  /** An attempt of this process may have taken over before its beginning failed, so that the process does not know it. */
  function* mayFollow(own: AttemptClaim, claimant: string | undefined): Generator<Step, void> {
    const attempts = yield* reader.attempts()
    const newer = successorIn(own, attempts)
    if (newer !== undefined && claimant !== undefined && (yield* reader.claimantOf(newer)) === claimant) return
    checkNotSuperseded(own, attempts)
    // One that was refused is not among them, and has lost nothing.
    if ((yield* reader.verdictOf(attemptName(own)))?.taken !== false) checkNotOvertaken(own, attempts)
  }

  function* claimNumber({ share, claimant }: AttemptRequest): Generator<Step, AttemptClaim> {
    if (reader.refused > REFUSED_ATTEMPTS) {
      // Many beginnings have failed. Where nothing can be written this one would too, and its claim would only be one more.
      yield* result(storage.write(WRITABLE_KEY, EMPTY_FILE))
      yield* removeStray(storage, reader)
    }
    for (;;) {
      const number = highestNumber(yield* result(storage.list('attempt-'))) + 1
      const claim = { number, share }
      const name = attemptName(claim)
      if (yield* createOwned(storage, keysOfAttempt(name).claim, name, claimant)) return claim
    }
  }

  /** The first subtask of a new parallelism writes down what all of them start from: later checkpoints of the former ones do not count. */
  function* rescaled(
    name: string,
    newestFormer: AttemptEntry,
    parallelism: number,
    whole: () => Generator<Step, RestoredFile>,
  ): Generator<Step, RestoredFile> {
    const key = rescaledKey(newestFormer, parallelism)
    for (;;) {
      const before = yield* reader.restoredAt(key)
      if (before !== undefined) {
        const { by } = before
        if (by === undefined || (yield* reader.attempts()).some((other) => other.name === by)) return before
        // Who wrote it down was refused, and the former ones have gone on.
        yield* result(storage.delete(key))
      }
      const file = { ...(yield* whole()), by: name }
      if (yield* result(storage.create(key, toText(restoredFile, file)))) return file
    }
  }

  function* open(
    claim: AttemptClaim,
    { after, scheduler, takeOverLater = false, takeOverPatience = TAKEOVER_MS }: AttemptRequest,
  ): Generator<Step, StoredAttempt> {
    const name = attemptName(claim)
    // An attempt that is about to take over, and that this one supersedes, must not do so after this one has read what there is.
    const pending = (yield* reader.attempts()).filter((other) => !other.active && supersedes(claim, other))
    for (const other of pending) yield* decide(storage, other.name, { taken: false, by: name })
    const others = (yield* reader.attempts()).filter((other) => other.name !== name)
    const older = others.filter((other) => other.active && !supersedes(other, claim))
    const file = yield* restoredFor(claim.share, begunOf(older), {
      newest: (attempt, before) => reader.newest(attempt, before),
      rescaled: (former, parallelism, whole) => rescaled(name, former, parallelism, whole),
    })
    yield* result(storage.write(keysOfAttempt(name).restored, toText(restoredFile, file)))
    // Before it can be seen to run, so that the next one never takes it for a dead one.
    if (takeOverLater) yield* result(storage.write(keysOfAttempt(name).lease, FIRST_BEAT))
    // Listed anew: a list is not of one moment, but this one has the lease of all who were active in the one before.
    const now = yield* reader.attempts()
    checkNotSuperseded(claim, now)
    // Refused, and perhaps tidied away by now.
    if (!now.some((other) => other.name === name)) throw yield* refusalOf(claim, reader, scheduler)
    const own = after === undefined ? undefined : attemptNamed(after)
    // Without a lease it may be between two attempts: it will retry.
    const isOfOthers = (other: AttemptClaim): boolean =>
      own === undefined || (byAge(own, other) !== 0 && !supersedes(own, other))
    const mayRun = (other: StoredAttemptEntry): boolean =>
      other.active && supersedes(claim, other) && (other.leased || isOfOthers(other))
    // One that was refused runs nowhere, but its process may be about to retry. It must not find that an attempt took over that cannot
    // begin, unless that one goes on with what it was running before.
    const ranBefore = own !== undefined && now.some((other) => other.active && byAge(own, other) === 0)
    const beginning = {
      restored: file.checkpoint ?? undefined,
      mayReplace: takeOverLater && (pending.length > 0 || now.some(mayRun) || (reader.refused > 0 && !ranBefore)),
      first: older.length === 0,
      patience: Math.min(TAKEOVER_MS, takeOverPatience),
    }
    const opened = new AttemptOnStorage(storage, claim, beginning, reader, scheduler, explained)
    if (!beginning.mayReplace) yield* opened.takeOver()
    return opened.attempt()
  }

  function* begin(request: AttemptRequest): Generator<Step, StoredAttempt> {
    try {
      yield* mayBegin(request)
      const claim = yield* claimNumber(request)
      try {
        return yield* open(claim, request)
      } catch (error) {
        yield* withdraw(claim)
        // The likely reason is a newer attempt, which has tidied this one away. Refused, it is no longer among them.
        if (!isCheckpointError(error)) checkNotSuperseded(claim, yield* reader.attempts())
        throw error
      }
    } catch (error) {
      throw explained(error)
    }
  }

  /** An attempt that could not begin must not keep the one that runs waiting. */
  function* withdraw(claim: AttemptClaim): Generator<Step, void> {
    const name = attemptName(claim)
    try {
      yield* decide(storage, name, { taken: false, by: name })
    } catch {
      // It is refused when the one that runs loses patience.
    }
  }

  return {
    begin: (request = { share: wholeJob, scheduler: asyncScheduler }): Observable<StoredAttempt> =>
      coroutine(() => begin(request)),
  }
}

/** How often what is to be restored is looked at, where it is removed at that moment. */
const REHEARSALS = 5

const FIRST_BEAT = '{"beat":0}\n'

const begunOf = (attempts: readonly StoredAttemptEntry[]): readonly AttemptEntry[] =>
  attempts.filter(({ begun, active }) => begun && active)

const storeFailed = (where: string, error: unknown): CheckpointError =>
  new CheckpointError(
    'StoreFailed',
    `The checkpoint store${where === '' ? '' : ` in ${where}`} failed: ${reasonOf(error)}`,
    {
      cause: error,
    },
  )
