import { result, type Step } from '../../../scheduling/coroutine.js'
import { describeTransactions } from '../describeTransactions.js'
import { foreignPrefix } from '../foreignPrefix.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { transactionalId } from '../transactionalId.js'
import { lastNumberOf } from './NumberedState.js'
import type { FormerAttempts } from './TransactionStrategy.js'

/** For so many ids ahead the coordinators are asked at a time whether they are new. */
const LOOK_AHEAD = 16

/**
 * Transactional ids that no other attempt of the job has or will have: `<prefix>-<subtask>-<number>`, where the number is reserved in the
 * checkpoint store before the id is initialised. So what an attempt may have opened is recorded there.
 */
export class FreshIds {
  /** The numbers in use, by their ids. */
  private readonly numbers = new Map<string, number>()
  /** the numbers it gives lie above this one */
  private newest = 0
  private lookedUpTo = 0
  private usedBefore = false
  /** of all transactions that are prepared or committed, of former attempts too */
  private lastNumber = 0

  constructor(private readonly sink: SinkTransactions) {}

  /** Once, before `take`. */
  begin(attempts: FormerAttempts): void {
    const { prefix: name, subtaskIndex } = this.sink
    this.lastNumber = lastNumberOf(attempts, { name, subtaskIndex, states: [] }) ?? 0
    this.newest = attempts.checkpointId ?? 0
    this.usedBefore = attempts.usedBefore
  }

  /** Of an id that is in use; 0 of others. */
  numberOf(id: string): number {
    return this.numbers.get(id) ?? 0
  }

  /** The highest number that any checkpoint has known of, with one that holds these. */
  lastNumberWith(prepared: readonly string[]): number {
    this.lastNumber = Math.max(this.lastNumber, ...prepared.map((id) => this.numberOf(id)))
    return this.lastNumber
  }

  /**
   * What is reserved for this attempt alone was never used, unless another job has the prefix, or the store was put back to a copy
   * from before: then this attempt would abort or double what is not its own.
   */
  *take(): Generator<Step, string> {
    const { config, prefix, subtaskIndex, twoPhase, logger } = this.sink
    for (;;) {
      const number = yield* result(twoPhase.nextNumber(this.newest))
      this.newest = number
      if (number <= this.lookedUpTo) return this.used(number)
      const ids = Array.from({ length: LOOK_AHEAD }, (_, index) => this.idOf(number + index))
      const [used] = (yield* result(describeTransactions(this.sink, ids))).keys()
      this.lookedUpTo = number + LOOK_AHEAD - 1
      if (used === undefined) return this.used(number)
      yield* result(twoPhase.confirm())
      if (!this.usedBefore) {
        const error = foreignPrefix(prefix, subtaskIndex, used)
        if (config.prefixInUsePolicy === 'fail') throw error
        logger?.warn(error.message)
      }
      this.newest = this.lookedUpTo
      yield* result(twoPhase.passOver(number, this.newest))
      this.release(this.newest + 1)
    }
  }

  /** These are not in use any more. Their records go with the next `release`. */
  drop(...ids: readonly string[]): void {
    for (const id of ids) this.numbers.delete(id)
  }

  /** Of the numbers below `below` only those in use need to be recorded. */
  release(below = Infinity): void {
    this.sink.twoPhase.release(Math.min(below, ...this.numbers.values()))
  }

  private used(number: number): string {
    const id = this.idOf(number)
    this.numbers.set(id, number)
    return id
  }

  private idOf(number: number): string {
    return transactionalId(this.sink.prefix, this.sink.subtaskIndex, number)
  }
}
