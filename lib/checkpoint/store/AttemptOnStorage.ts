import { type Observable, type SchedulerLike, timer } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { type CheckpointError, isCheckpointError } from '../CheckpointError.js'
import { storeLost } from './attemptErrors.js'
import type { AttemptLedger, EarlierCheckpoint, FormerHolder, SinkRecord } from './AttemptLedger.js'
import { type AttemptClaim, attemptName, byAge, checkNotOvertaken, supersedes } from './AttemptOrder.js'
import { AttemptTidying } from './AttemptTidying.js'
import { checkpointFile, committedFile, EMPTY_FILE, restoredFile, toText } from './CheckpointFile.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import type { StoredAttempt, StoredCheckpoint } from './CheckpointStore.js'
import { decide } from './createOwned.js'
import { mayGoBack, newestBefore, restoredBefore } from './earlierCheckpoints.js'
import { formerHolders } from './formerHolders.js'
import { IdBlocks } from './IdBlocks.js'
import { refusalOf, TAKEOVER_POLL } from './refusalOf.js'
import { removeAttempts } from './removeAttempts.js'
import { REFUSED_ATTEMPTS } from './removeStray.js'
import { emptyAttempts, obsoleteCheckpoints, oldestUncommitted, standsAlone } from './retention.js'
import { SinkRecords } from './SinkRecords.js'
import { type AttemptEntry, keysOfAttempt, savepointKey } from './storeKeys.js'
import type { StoredAttemptEntry, StoreReader } from './StoreReader.js'

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
  /** of the one that was completed last */
  private bytes: number | undefined
  /** Its newest checkpoint, or the restored one as long as it has none, with the marks of now. */
  private newest: StoredCheckpoint | undefined
  /** Every transaction of the attempts before is ended. */
  private mayBeSettled = false
  private isSettled = false
  /** The store has forgotten this attempt. */
  private lost: CheckpointError | undefined
  private former: readonly FormerHolder[] | undefined
  private readonly ids: IdBlocks
  private readonly records: SinkRecords
  private readonly tidying: AttemptTidying

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
    this.ids = new IdBlocks(storage, this.name)
    this.records = new SinkRecords(storage, reader, this.name)
    this.tidying = new AttemptTidying(storage, reader, claim, this.records)
  }

  /** As a plain object, so that a store of someone else's can wrap single calls. */
  attempt(): StoredAttempt {
    const { name } = this
    return {
      attemptId: name,
      restored: this.beginning.restored,
      complete: (checkpoint) => this.guarded(() => this.complete(checkpoint)),
      checkpointBytes: () => this.bytes,
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
      reserve: () => this.guarded(() => this.ids.reserve(this.newest, () => this.confirm())),
      release: (blocks) => this.guarded(() => this.ids.release(blocks)),
      confirm: () => this.guarded(() => this.confirm()),
      otherSinks: () => this.guarded(() => this.records.ofOthers()),
      recordSinks: (sinks) => this.guarded(() => this.recordSinks(sinks)),
      settled: () => this.guarded(() => this.settled()),
      newestBefore: (subtask, before) => this.guarded(() => this.newestBefore(subtask, before)),
      goBack: (before) => this.guarded(() => this.goBack(before)),
    }
  }

  private *recordSinks(sinks: readonly SinkRecord[]): Generator<Step, void> {
    if (this.lost !== undefined) throw this.lost
    yield* this.records.record(sinks)
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
    this.bytes = Buffer.byteLength(text)
    this.tidying.later(() => this.settleIfAlone())
    this.tidying.later(() => this.prune())
    if (first || this.reader.refused > REFUSED_ATTEMPTS) this.tidying.later(() => this.tidying.removeObsolete())
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
    this.tidying.later(() => this.settleIfAlone())
    // Only now the checkpoints from before its transactions may be superfluous.
    if (oldestUncommitted(this.newest) === undefined) this.tidying.later(() => this.prune())
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
    const former = yield* formerHolders(reader, claim, older)
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
    try {
      yield* this.checkStanding(listed)
    } catch (error) {
      // The next process that begins there has to see that this one's ids are not known: what it wrote just now must not vouch for them.
      if (isCheckpointError(error) && error._tag === 'StoreLost') {
        this.lost = error
        yield* this.deleted(this.keys.sinks)
      }
      throw error
    }
  }

  private *checkStanding(listed?: readonly StoredAttemptEntry[]): Generator<Step, void> {
    const attempts = listed ?? (yield* this.reader.attempts())
    const own = attempts.find(({ name }) => name === this.name)
    // Refused, and perhaps tidied away by now.
    if (own === undefined && this.former === undefined) throw yield* refusalOf(this.claim, this.reader, this.scheduler)
    checkNotOvertaken(this.claim, attempts)
    // A copy of the store from when it had just claimed: what it stores there would be restored by none.
    if ((this.former !== undefined && own?.active === false) || own?.begun === false) throw storeLost(this.name)
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
    this.tidying.later(() => this.tidying.removeObsolete())
  }

  private *newestBefore(subtask: number, before: number): Generator<Step, EarlierCheckpoint | undefined> {
    const { mayGoBackFrom, reader } = this
    if (mayGoBackFrom === undefined) return undefined
    return yield* newestBefore(mayGoBackFrom, yield* this.begunBefore(), reader, { subtask, before })
  }

  private *goBack(before: ReadonlyMap<number, number>): Generator<Step, boolean> {
    const { mayGoBackFrom, claim, reader, storage, keys } = this
    if (mayGoBackFrom === undefined) return false
    const file = yield* restoredBefore(claim, mayGoBackFrom, yield* this.begunBefore(), reader, before)
    if (file === undefined) return false
    yield* this.confirm()
    // The marks of the checkpoint that no longer counts are not those of this one.
    yield* result(storage.delete(keys.committed(undefined)))
    yield* result(storage.write(keys.restored, toText(restoredFile, file)))
    return true
  }

  private get mayGoBackFrom(): StoredCheckpoint | undefined {
    const { restored } = this.beginning
    const may = this.checkpointIds.length === 0 && restored !== undefined && mayGoBack(this.claim, restored)
    return may ? restored : undefined
  }

  private *begunBefore(): Generator<Step, readonly AttemptEntry[]> {
    const attempts = yield* this.reader.attempts()
    return attempts.filter((attempt) => attempt.begun && attempt.active && attempt.name !== this.name)
  }

  private *prune(): Generator<Step, void> {
    const { checkpointIds, newest, keys } = this
    if (newest === undefined) return
    const obsolete = obsoleteCheckpoints(checkpointIds, newest)
    this.checkpointIds = checkpointIds.filter((id) => !obsolete.includes(id))
    yield* this.tidying.delete(obsolete.flatMap((id) => [keys.checkpoint(id), keys.committed(id)]))
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
