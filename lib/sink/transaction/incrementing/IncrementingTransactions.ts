import { result, type Step } from '../../../scheduling/coroutine.js'
import { describeTransactions } from '../describeTransactions.js'
import { foreignPrefix } from '../foreignPrefix.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { transactionalId } from '../transactionalId.js'
import type { FormerAttempts, TransactionStrategy } from '../TransactionStrategy.js'
import { endRecordedTransactions } from './endRecordedTransactions.js'
import { type IncrementingState, lastNumberOf } from './IncrementingState.js'

/** For so many ids ahead the coordinators are asked at a time whether they are new. */
const LOOK_AHEAD = 16

/**
 * INCREMENTING: each transaction has an id of its own, `<prefix>-<subtask>-<number>`, that no other attempt ever has: its number is
 * reserved in the checkpoint store, before it is initialised. So what an attempt may have opened is recorded there, and the next one
 * ends it by these records (Flink probes: it initialises ids upward until one was never used).
 */
export class IncrementingTransactions implements TransactionStrategy {
  /** the numbers in use, by their ids */
  private readonly numbers = new Map<string, number>()
  /** of all transactions that are prepared or committed */
  private lastNumber = 0
  /** the numbers it uses lie above this one */
  private newest = 0
  private lookedUpTo = 0
  private usedBefore = false

  constructor(private readonly sink: SinkTransactions) {}

  *endFormer(attempts: FormerAttempts): Generator<Step, readonly string[]> {
    const { prefix, subtaskIndex } = this.sink
    this.lastNumber = lastNumberOf(attempts, { name: prefix, subtaskIndex, states: [] }) ?? 0
    this.newest = attempts.checkpointId ?? 0
    this.usedBefore = attempts.usedBefore
    return yield* endRecordedTransactions(this.sink, attempts)
  }

  /**
   * What is reserved for this attempt alone was never used, unless another job has the prefix, or the store was put back to a copy
   * from before: then this attempt would abort or double what is not its own.
   */
  *next(): Generator<Step, string> {
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

  /** No id comes twice, so a late InitProducerId harms nobody. */
  leave(id: string): void {
    this.numbers.delete(id)
  }

  ended(ids: readonly string[]): void {
    for (const id of ids) this.numbers.delete(id)
    this.release(Infinity)
  }

  snapshot(prepared: readonly string[]): IncrementingState {
    this.lastNumber = Math.max(this.lastNumber, ...prepared.map((id) => this.numbers.get(id) ?? 0))
    return { strategy: 'INCREMENTING', lastNumber: this.lastNumber }
  }

  /** Of the numbers up to `below` those in use are needed. */
  private release(below: number): void {
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
