import { type Observable, type SchedulerLike, timer } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import {
  type AttemptLedger,
  type EarlierCheckpoint,
  type FormerHolder,
  type IdBlock,
  type SinkRecord,
} from './AttemptLedger.js'
import { type AttemptClaim, attemptName, byAge, checkNotOvertaken, successorIn, supersedes } from './AttemptOrder.js'
import {
  checkpointFile,
  committedFile,
  EMPTY_FILE,
  type RestoredFile,
  restoredFile,
  sinksFile,
  toText,
} from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { storeLost } from './attemptErrors.js'
import { createOwned, decide } from './createOwned.js'
import { formerHolders } from './formerHolders.js'
import type { StoredAttemptEntry, StoreReader } from './StoreReader.js'
import { refusalOf, TAKEOVER_POLL } from './refusalOf.js'
import { removeAttempts } from './removeAttempts.js'
import { REFUSED_ATTEMPTS, removeStray } from './removeStray.js'
import { newestOf, restoredFor } from './restoredFor.js'
import {
  committedAfter,
  emptyAttempts,
  obsoleteAttempts,
  obsoleteCheckpoints,
  oldestUncommitted,
  standsAlone,
} from './retention.js'
import { type AttemptEntry, blockAbove, blockKey, blocksIn, keysOfAttempt, savepointKey } from './storeKeys.js'
import { unknownOwners } from './unknownOwners.js'

/** So many attempts are kept if they died as they were becoming the owner of transactional ids. */
const REMEMBERED_ATTEMPTS = 16

/** What an attempt found as it began. */
export interface AttemptBeginning {
  readonly restored: StoredCheckpoint | undefined
  readonly mayReplace: boolean
  readonly first: boolean
  /** How long in ms a checkpoint waits for another attempt that is about to take over. */
  readonly patience: number
}

/** One attempt's own keys in a storage: see `StoredAttempt` and `AttemptLedger` for what it promises. */
export class AttemptOnStorage {
  private readonly name: string
  private readonly keys: ReturnType<typeof keysOfAttempt>
  private beat = 0
  /** Its own checkpoints, newest first. */
  private checkpointIds: readonly number[] = []
  /** Its newest checkpoint, or the restored one as long as it has none, with the marks of now. */
  private newest: StoredCheckpoint | undefined
  private blocks: readonly IdBlock[] = []
  /** Created, and the store is not asked yet: a store that fails there must not be given more and more blocks. */
  private unconfirmed: IdBlock | undefined
  /** Every transaction of the attempts before is ended. */
  private mayBeSettled = false
  private isSettled = false
  private former: readonly FormerHolder[] | undefined
  private sinks: readonly SinkRecord[] = []
  /** Of attempts that are gone: who owns the ids of a subtask or a sink that this attempt does not have. */
  private handedOn: readonly SinkRecord[] = []
  private readonly chores: (() => Generator<Step, void>)[] = []
  /** Of its own checkpoints that are not needed any more, oldest first. */
  private readonly obsoleteKeys: string[] = []

  constructor(
    private readonly storage: CheckpointStorage,
    private readonly claim: AttemptClaim,
    private readonly beginning: AttemptBeginning,
    private readonly reader: StoreReader,
    private readonly scheduler: SchedulerLike,
    /** Makes an error of the storage one of the store, unless a newer attempt is the likely reason. */
    private readonly explained: (error: unknown) => Error,
  ) {
    this.name = attemptName(claim)
    this.keys = keysOfAttempt(this.name)
    this.newest = beginning.restored
  }

  /** As a plain object, so that a store of someone else's can wrap single calls. */
  attempt(): StoredAttempt {
    const { name } = this
    return {
      attemptId: name,
      restored: this.beginning.restored,
      complete: (checkpoint) => this.guarded(() => this.complete(checkpoint)),
      markCommitted: (checkpointId, uid, ids) => this.guarded(() => this.markCommitted(checkpointId, uid, ids)),
      lease: {
        renew: () => this.guarded(() => this.renew()),
        release: () => this.guarded(() => this.releaseLease()),
      },
      ledger: this.ledger(),
    }
  }

  private ledger(): AttemptLedger {
    const { mayReplace, first } = this.beginning
    return {
      mayReplace,
      first,
      takeOver: () => this.guarded(() => this.takeOver()),
      reserve: () => this.guarded(() => this.reserve()),
      release: (below) => this.guarded(() => this.release(below)),
      confirm: () => this.guarded(() => this.confirm()),
      otherSinks: () => this.guarded(() => this.otherSinks()),
      recordSinks: (sinks) => this.guarded(() => this.recordSinks(sinks)),
      settled: () => this.guarded(() => this.settled()),
      newestBefore: (subtask, before) => this.guarded(() => this.newestBefore(subtask, before)),
      goBack: (before) => this.guarded(() => this.goBack(before)),
    }
  }

  private *complete(checkpoint: StoredCheckpoint): Generator<Step, void> {
    const { storage, claim, keys } = this
    const text = toText(checkpointFile, checkpoint)
    if (checkpoint.savepoint) yield* result(storage.write(savepointKey(claim, checkpoint.checkpointId), text))
    yield* result(storage.write(keys.checkpoint(checkpoint.checkpointId), text))
    try {
      yield* this.confirm(yield* this.withoutSuccessor())
    } catch (error) {
      // It is not complete. What a newer attempt has tidied away must not come back by it.
      yield* this.deleted(keys.checkpoint(checkpoint.checkpointId))
      throw error
    }
    const first = this.checkpointIds.length === 0
    this.checkpointIds = [checkpoint.checkpointId, ...this.checkpointIds]
    this.newest = checkpoint
    this.cleanUp(() => this.settleIfAlone())
    this.cleanUp(() => this.prune())
    if (first || this.reader.refused > REFUSED_ATTEMPTS) this.cleanUp(() => this.tidy())
  }

  private *markCommitted(checkpointId: number, uid: string, ids: readonly string[]): Generator<Step, void> {
    const { newest, keys, storage, claim } = this
    if (newest?.checkpointId !== checkpointId) return
    const committed = { ...newest.committed, [uid]: [...new Set([...(newest.committed[uid] ?? []), ...ids])] }
    const own = this.checkpointIds[0]
    yield* this.confirm()
    yield* result(storage.write(keys.committed(own), toText(committedFile, committed)))
    this.newest = { ...newest, committed }
    // A savepoint is whole in itself: who starts from it years later must know what was committed.
    if (own !== undefined && newest.savepoint)
      yield* result(storage.write(savepointKey(claim, checkpointId), toText(checkpointFile, this.newest)))
    this.cleanUp(() => this.settleIfAlone())
    // Only now the checkpoints from before its transactions may be superfluous.
    if (oldestUncommitted(this.newest) === undefined) this.cleanUp(() => this.prune())
  }

  private *renew(): Generator<Step, void> {
    yield* this.confirm()
    yield* result(this.storage.write(this.keys.lease, `{"beat":${++this.beat}}\n`))
  }

  /** One that is over without having taken over must not keep the one that runs waiting. */
  private *releaseLease(): Generator<Step, void> {
    if (this.former === undefined) yield* decide(this.storage, this.name, { taken: false, by: this.name })
    yield* result(this.storage.delete(this.keys.lease))
  }

  *takeOver(): Generator<Step, readonly FormerHolder[]> {
    const { storage, reader, claim, name } = this
    if (this.former !== undefined) return this.former
    if (!(yield* decide(storage, name, { taken: true, by: name })))
      throw yield* refusalOf(this.claim, this.reader, this.scheduler)
    yield* this.confirm()
    // One that has come since must stay: it is about to take over from this one.
    const older = (yield* reader.attempts()).filter((other) => byAge(claim, other) < 0)
    const former = yield* formerHolders(storage, reader, claim, older)
    // Only now: an attempt that comes later finds this one, and need not read those.
    yield* removeAttempts(storage, reader, emptyAttempts(claim, older))
    this.former = former
    return former
  }

  /**
   * An attempt that is about to take over has read what this one had completed by then. So a checkpoint is not complete before it is
   * known which of the two goes on. One that takes too long, or has died, is refused. Returns the attempts that there are then.
   */
  private *withoutSuccessor(): Generator<Step, readonly StoredAttemptEntry[]> {
    for (let waited = 0; ; waited += TAKEOVER_POLL) {
      const attempts = yield* this.reader.attempts()
      const pending = attempts.find((other) => !other.active && supersedes(other, this.claim))
      if (pending === undefined) return attempts
      if (waited < this.beginning.patience) yield* result(timer(TAKEOVER_POLL, this.scheduler))
      else yield* decide(this.storage, pending.name, { taken: false, by: this.name })
    }
  }

  private *confirm(listed?: readonly StoredAttemptEntry[]): Generator<Step, void> {
    const attempts = listed ?? (yield* this.reader.attempts())
    const own = attempts.find(({ name }) => name === this.name)
    // Refused, and perhaps tidied away by now.
    if (own === undefined && this.former === undefined) throw yield* refusalOf(this.claim, this.reader, this.scheduler)
    if (this.former !== undefined && own?.active === false) throw storeLost(this.name)
    checkNotOvertaken(this.claim, attempts)
  }

  /**
   * First the block is created, then the store is asked: so a process that was stopped in between learns that it is superseded before
   * it uses an id of it, and whoever has taken over cannot have got the same block.
   */
  private *reserve(): Generator<Step, IdBlock> {
    const block = this.unconfirmed ?? (yield* this.createBlock())
    this.unconfirmed = block
    yield* this.confirm()
    this.unconfirmed = undefined
    this.blocks = [...this.blocks, block]
    return block
  }

  private *createBlock(): Generator<Step, IdBlock> {
    const { checkpointId = 0, prepared = {} } = this.newest ?? {}
    const restored = Object.values(prepared).flat()
    for (;;) {
      const taken = blocksIn(yield* result(this.storage.list('ids/')))
      const block = blockAbove(
        Math.max(checkpointId, taken.at(-1)?.last ?? 0, ...restored.map((transaction) => transaction.checkpointId)),
      )
      if (yield* createOwned(this.storage, blockKey(block), this.name)) return block
    }
  }

  /** The newest block stays, since the next one is found by it. */
  private *release(below: number): Generator<Step, void> {
    const needless = this.blocks.slice(0, -1).filter(({ last }) => last < below)
    for (const block of needless) yield* result(this.storage.delete(blockKey(block)))
    this.blocks = this.blocks.filter((block) => !needless.includes(block))
  }

  private *otherSinks(): Generator<Step, readonly SinkRecord[]> {
    const sinks: SinkRecord[] = []
    for (const key of yield* result(this.storage.list('attempt-')))
      if (key.endsWith('/sinks.json') && key !== this.keys.sinks) sinks.push(...(yield* this.reader.sinksAt(key)))
    return sinks
  }

  private *recordSinks(sinks: readonly SinkRecord[]): Generator<Step, void> {
    this.sinks = sinks
    const { handedOn, storage, keys } = this
    yield* result(storage.write(keys.sinks, toText(sinksFile, [...sinks, ...unknownOwners(handedOn, sinks)])))
  }

  /** What attempts know of owners must outlive them: a later one may have their subtask, or their sink, again. */
  private *takeOverRecords(obsolete: readonly AttemptEntry[], kept: readonly AttemptEntry[]): Generator<Step, void> {
    const theirs: SinkRecord[] = []
    for (const { folder, hasSinks } of obsolete)
      if (hasSinks) theirs.push(...(yield* this.reader.sinksAt(keysOfAttempt(folder).sinks)))
    if (theirs.length === 0) return
    const known = [...this.sinks, ...this.handedOn]
    for (const { folder, hasSinks, name } of kept)
      if (hasSinks && name !== this.name) known.push(...(yield* this.reader.sinksAt(keysOfAttempt(folder).sinks)))
    const missing = unknownOwners(theirs, known)
    if (missing.length === 0) return
    this.handedOn = [...this.handedOn, ...missing.map((record) => ({ ...record, handedOn: true }))]
    yield* this.recordSinks(this.sinks)
  }

  private *settled(): Generator<Step, void> {
    this.mayBeSettled = true
    yield* this.settleIfAlone()
  }

  /** Asked for once, it waits until the attempts before are not needed to go back to either. */
  private *settleIfAlone(): Generator<Step, void> {
    if (!this.mayBeSettled || this.isSettled) return
    if (
      this.newest !== undefined &&
      !standsAlone(this.newest, this.beginning.restored?.checkpointId, this.checkpointIds)
    )
      return
    yield* result(this.storage.write(this.keys.settled, EMPTY_FILE))
    this.isSettled = true
    this.cleanUp(() => this.tidy())
  }

  private *newestBefore(subtask: number, before: number): Generator<Step, EarlierCheckpoint | undefined> {
    const { restored } = this.beginning
    if (restored === undefined || !this.mayGoBack(restored)) return undefined
    const begun = yield* this.begunBefore()
    const first = begun.findIndex(({ share }) => share.parallelism === restored.parallelism)
    const end = begun.findIndex(({ share }, index) => index > first && share.parallelism !== restored.parallelism)
    const ofJob = begun.slice(Math.max(0, first), end < 0 ? undefined : end)
    const bounds = { parallelism: restored.parallelism, before: new Map([[subtask, before]]) }
    const base = (yield* newestOf(ofJob, subtask, this.reader, bounds))?.checkpoint?.checkpointId
    if (base === undefined) return undefined
    const since: StoredCheckpoint[] = [restored]
    for (const attempt of ofJob)
      if (attempt.share.subtasks.includes(subtask)) since.push(...(yield* this.reader.allSince(attempt, base)))
    return { checkpointId: base, committedAfter: committedAfter(base, subtask, since) }
  }

  private *goBack(before: ReadonlyMap<number, number>): Generator<Step, boolean> {
    const { restored } = this.beginning
    if (restored === undefined || !this.mayGoBack(restored)) return false
    const { share } = this.claim
    const reader = { newest: this.reader.newest.bind(this.reader), rescaled: unchanged }
    const bounds = { parallelism: restored.parallelism, before }
    const file = yield* restoredFor(share, yield* this.begunBefore(), reader, bounds)
    if (file.checkpoint?.parallelism !== restored.parallelism) return false
    yield* this.confirm()
    // The marks of the checkpoint that no longer counts are not those of this one.
    yield* result(this.storage.delete(this.keys.committed(undefined)))
    yield* result(this.storage.write(this.keys.restored, toText(restoredFile, file)))
    return true
  }

  /** What several processes start from together after a change of the parallelism cannot be changed by one of them. */
  private mayGoBack({ parallelism }: StoredCheckpoint): boolean {
    const { share } = this.claim
    if (this.checkpointIds.length > 0) return false
    return parallelism === share.parallelism || share.subtasks.length === share.parallelism
  }

  private *begunBefore(): Generator<Step, readonly AttemptEntry[]> {
    const attempts = yield* this.reader.attempts()
    return attempts.filter((attempt) => attempt.begun && attempt.active && attempt.name !== this.name)
  }

  /** Beside the work and one after another: no checkpoint waits for it. What is left lying costs room, no more, so errors do not count. */
  private cleanUp(chore: () => Generator<Step, void>): void {
    this.chores.push(chore)
    if (this.chores.length === 1) coroutine(() => this.doChores()).subscribe()
  }

  private *doChores(): Generator<Step, void> {
    for (let chore = this.chores[0]; chore !== undefined; chore = this.chores[0]) {
      try {
        yield* chore()
      } catch {
        // The next attempt tidies again.
      }
      this.chores.shift()
    }
  }

  private *prune(): Generator<Step, void> {
    const { checkpointIds, newest, keys } = this
    if (newest === undefined) return
    const obsolete = obsoleteCheckpoints(checkpointIds, newest)
    this.checkpointIds = checkpointIds.filter((id) => !obsolete.includes(id))
    for (const id of obsolete) this.obsoleteKeys.push(keys.checkpoint(id), keys.committed(id))
    yield* this.deleteObsolete()
  }

  /** What a storage refuses to delete is tried again behind the next checkpoint, so that an outage leaves nothing to list for good. */
  private *deleteObsolete(): Generator<Step, void> {
    for (let key = this.obsoleteKeys[0]; key !== undefined; key = this.obsoleteKeys[0]) {
      yield* result(this.storage.delete(key))
      this.obsoleteKeys.shift()
    }
  }

  private *tidy(): Generator<Step, void> {
    const attempts = (yield* this.reader.attempts()).filter(({ active }) => active)
    // It would remove itself, with what only it knows of the owners of transactional ids. The newer one tidies.
    if (successorIn(this.claim, attempts) !== undefined) return
    const obsolete: AttemptEntry[] = []
    for (const attempt of obsoleteAttempts(attempts))
      if (!(yield* this.mayStillOwn(attempt, attempts))) obsolete.push(attempt)
    const kept = attempts.filter((attempt) => !obsolete.includes(attempt))
    yield* this.takeOverRecords(obsolete, kept)
    yield* removeAttempts(this.storage, this.reader, obsolete)
    yield* removeStray(this.storage, this.reader)
    yield* this.removeRescaled(new Set(kept.map(({ name }) => name)))
  }

  /**
   * An attempt that was becoming the owner of transactional ids may still do so, should it have been stopped and wake: what it has
   * recorded tells then that it is of this job. With many newer ones that is no longer to be expected.
   */
  private *mayStillOwn(attempt: AttemptEntry, all: readonly AttemptEntry[]): Generator<Step, boolean> {
    if (!attempt.hasSinks || all.indexOf(attempt) >= REMEMBERED_ATTEMPTS) return false
    const sinks = yield* this.reader.sinksAt(keysOfAttempt(attempt.folder).sinks)
    return sinks.some(({ owner }) => owner === undefined)
  }

  private *removeRescaled(kept: ReadonlySet<string>): Generator<Step, void> {
    for (const key of yield* result(this.storage.list('rescaled/'))) {
      const former = /^rescaled\/(.+)-to-\d+\.json$/.exec(key)?.[1]
      if (former !== undefined && !kept.has(former)) yield* result(this.storage.delete(key))
    }
  }

  private *deleted(key: string): Generator<Step, void> {
    try {
      yield* result(this.storage.delete(key))
    } catch {
      // Deleted with the attempt, some day.
    }
  }

  /** When something fails, the likely reason is a newer attempt, which has deleted this one's keys. */
  private guarded<A>(body: () => Generator<Step, A>): Observable<A> {
    const { explained } = this
    const asked = (): Generator<Step, void> => this.confirm()
    return coroutine(function* () {
      try {
        return yield* body()
      } catch (error) {
        const told = explained(error)
        if (told !== error) yield* asked()
        throw told
      }
    })
  }
}

const unchanged = (_: AttemptEntry, __: number, whole: () => Generator<Step, RestoredFile>) => whole()
