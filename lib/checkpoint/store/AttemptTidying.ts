import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { type AttemptClaim, successorIn } from './AttemptOrder.js'
import type { CheckpointStorage } from './CheckpointStorage.js'
import { removeAttempts } from './removeAttempts.js'
import { removeStray } from './removeStray.js'
import { obsoleteAttempts } from './retention.js'
import type { SinkRecords } from './SinkRecords.js'
import type { StoreReader } from './StoreReader.js'
import { type AttemptEntry, keysOfAttempt } from './storeKeys.js'

/** So many attempts are kept if they died as they were becoming the owner of transactional ids. */
const REMEMBERED_ATTEMPTS = 16

/**
 * Deletes what nothing goes back to any more. Beside the work and one after another: no checkpoint waits for it. What is left lying costs
 * room, no more, so errors do not count.
 */
export class AttemptTidying {
  private readonly chores: (() => Generator<Step, void>)[] = []
  /** Of the attempt's own checkpoints that are not needed any more, oldest first. */
  private readonly obsoleteKeys: string[] = []

  constructor(
    private readonly storage: CheckpointStorage,
    private readonly reader: StoreReader,
    private readonly claim: AttemptClaim,
    private readonly records: SinkRecords,
  ) {}

  /** Does it when all before is done. */
  later(chore: () => Generator<Step, void>): void {
    this.chores.push(chore)
    if (this.chores.length === 1) coroutine(() => this.doChores()).subscribe()
  }

  /** What a storage refuses to delete is tried again behind the next checkpoint, so that an outage leaves nothing to list for good. */
  *delete(keys: readonly string[]): Generator<Step, void> {
    const { obsoleteKeys } = this
    obsoleteKeys.push(...keys)
    for (let key = obsoleteKeys[0]; key !== undefined; key = obsoleteKeys[0]) {
      yield* result(this.storage.delete(key))
      obsoleteKeys.shift()
    }
  }

  /** Removes the attempts before that are not needed any more. */
  *removeObsolete(): Generator<Step, void> {
    const attempts = (yield* this.reader.attempts()).filter(({ active }) => active)
    // It would remove itself, with what only it knows of the owners of transactional ids. The newer one tidies.
    if (successorIn(this.claim, attempts) !== undefined) return
    const obsolete: AttemptEntry[] = []
    for (const attempt of obsoleteAttempts(attempts))
      if (!(yield* this.mayStillOwn(attempt, attempts))) obsolete.push(attempt)
    const kept = attempts.filter((attempt) => !obsolete.includes(attempt))
    yield* this.records.takeOver(obsolete, kept)
    yield* removeAttempts(this.storage, this.reader, obsolete)
    yield* removeStray(this.storage, this.reader)
    yield* this.removeRescaled(new Set(kept.map(({ name }) => name)))
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
}
