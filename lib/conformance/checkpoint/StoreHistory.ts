import { asyncScheduler, firstValueFrom, type Observable } from 'rxjs'
import type { IdBlock } from '../../checkpoint/store/AttemptLedger.js'
import { byAge, attemptNamed, type AttemptClaim } from '../../checkpoint/store/AttemptOrder.js'
import type { CheckpointStorage } from '../../checkpoint/store/CheckpointStorage.js'
import type { StoredAttempt, StoredCheckpoint } from '../../checkpoint/store/CheckpointStore.js'
import { checkpointStoreOn } from '../../checkpoint/store/checkpointStoreOn.js'

/** What one attempt was told, and what it tried. */
interface Attempt {
  readonly claim: AttemptClaim
  readonly restored: StoredCheckpoint | undefined
  /** Checkpoints that it wrote, or was about to write. */
  readonly tried: StoredCheckpoint[]
  /** Ids of those that it was told to be complete. */
  readonly told: number[]
  readonly triedMarks: number[]
  /** Checkpoints that were marked as committed when it began. */
  readonly marked: ReadonlySet<number>
  readonly blocks: IdBlock[]
}

/** A process: what it is to its store. */
export interface ProcessOfStore {
  /** The attempt that it had before; undefined at its start. */
  after?: string | undefined
  readonly claimant: string
}

/**
 * What the attempts on one storage were told, and whether all of it can be true. Attempts run as a job's do: they begin, reserve ids, record
 * their sink, complete checkpoints and mark what is committed, and say that all before them is settled.
 */
export class StoreHistory {
  private readonly attempts: Attempt[] = []
  private readonly marked = new Set<number>()
  /** What an attempt was told though a newer one had begun before it asked. */
  private readonly tooLate: string[] = []

  /** An attempt from its beginning to its end, with two checkpoints. Rejects where a call of the store fails. */
  async live(storage: CheckpointStorage, process?: ProcessOfStore): Promise<void> {
    const marked = new Set(this.marked)
    const share = { parallelism: 1, subtasks: [0] }
    const store = checkpointStoreOn(storage)
    const stored = await firstValueFrom(store.begin({ ...process, share, scheduler: asyncScheduler }))
    if (process !== undefined) process.after = stored.attemptId
    const attempt = this.begun(stored, marked)
    const ledger = stored.ledger!
    const mark = async (checkpointId: number): Promise<void> => {
      attempt.triedMarks.push(checkpointId)
      await this.asked(attempt, stored.markCommitted(checkpointId, 'sink', [String(checkpointId)]), 'a mark')
      this.marked.add(checkpointId)
    }
    const block = await this.asked(attempt, ledger.reserve(), 'ids')
    attempt.blocks.push(block)
    const owner = { producerId: '1', epoch: stored.attemptId.length }
    await firstValueFrom(ledger.recordSinks([{ name: 'orders', uid: 'sink', subtaskIndex: 0, owner }]))
    if (stored.restored !== undefined) await mark(stored.restored.checkpointId)
    await firstValueFrom(ledger.settled())
    for (const checkpointId of [block.first, block.first + 1]) {
      const checkpoint: StoredCheckpoint = {
        ...{ checkpointId, timestamp: checkpointId, savepoint: false, parallelism: 1, committed: {} },
        states: { source: [{ attempt: stored.attemptId, checkpointId }] },
        prepared: { sink: [{ id: String(checkpointId), checkpointId, subtaskIndex: 0 }] },
      }
      attempt.tried.push(checkpoint)
      await this.asked(attempt, stored.complete(checkpoint), 'a checkpoint')
      attempt.told.push(checkpointId)
      await mark(checkpointId)
    }
  }

  private begun({ attemptId, restored }: StoredAttempt, marked: ReadonlySet<number>): Attempt {
    const none = { tried: [], told: [], triedMarks: [], blocks: [], marked }
    const attempt = { claim: attemptNamed(attemptId)!, restored, ...none }
    this.attempts.push(attempt)
    return attempt
  }

  private async asked<A>({ claim }: Attempt, call: Observable<A>, what: string): Promise<A> {
    const newer = this.attempts.find((other) => byAge(other.claim, claim) < 0)
    const answer = await firstValueFrom(call)
    if (newer !== undefined)
      this.tooLate.push(
        `attempt ${claim.number} was given ${what}, though attempt ${newer.claim.number} had begun before`,
      )
    return answer
  }

  /** What is wrong with it, in words; nothing, as a rule. */
  faults(): readonly string[] {
    const oldestFirst = [...this.attempts].sort((a, b) => byAge(b.claim, a.claim))
    return [
      ...oldestFirst.flatMap((attempt, index) => faultsOf(attempt, oldestFirst.slice(0, index))),
      ...sharedIds(oldestFirst),
      ...this.tooLate,
    ]
  }
}

/** @param former oldest first */
const faultsOf = (attempt: Attempt, former: readonly Attempt[]): readonly string[] => {
  const { restored, claim } = attempt
  const who = `attempt ${claim.number}`
  const from = restored?.checkpointId ?? 0
  const faults: string[] = []
  former.forEach((other, index) => {
    const newest = Math.max(0, other.restored?.checkpointId ?? 0, ...other.told)
    if (from < newest)
      faults.push(`${who} starts from checkpoint ${from}, though attempt ${other.claim.number} was told of ${newest}`)
    // Whoever began in between did not start from it, so it is not of this job's past any more.
    const dead = former.slice(index + 1).some((between) => (between.restored?.checkpointId ?? 0) < from)
    if (dead && other.tried.some(({ checkpointId }) => checkpointId === from))
      faults.push(`${who} starts from checkpoint ${from}, which was not there for an attempt before it`)
  })
  if (restored === undefined) return faults
  const written = former.flatMap(({ tried }) => tried).find(({ checkpointId }) => checkpointId === from)
  if (JSON.stringify(written?.states) !== JSON.stringify(restored.states))
    faults.push(
      `${who} starts from ${JSON.stringify(restored.states)}, but ${JSON.stringify(written?.states)} was written`,
    )
  const isMarked = restored.committed['sink']?.includes(String(from)) === true
  if (!isMarked && attempt.marked.has(from))
    faults.push(`${who} does not know that checkpoint ${from} is committed, though that was written down`)
  if (isMarked && !former.some(({ triedMarks }) => triedMarks.includes(from)))
    faults.push(`${who} takes checkpoint ${from} for committed, which it is not`)
  return faults
}

const sharedIds = (attempts: readonly Attempt[]): readonly string[] => {
  const blocks = attempts.flatMap((attempt) => attempt.blocks.map((block) => ({ ...block, by: attempt.claim.number })))
  return blocks.flatMap((one, index) =>
    blocks
      .slice(index + 1)
      .filter((other) => one.first <= other.last && other.first <= one.last)
      .map((other) => `attempts ${one.by} and ${other.by} have both reserved id ${Math.max(one.first, other.first)}`),
  )
}
