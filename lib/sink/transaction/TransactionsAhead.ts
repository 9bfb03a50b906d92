import { type Observable, Subject, Subscription } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { describeTransactions } from './describeTransactions.js'
import { foreignPrefix } from './foreignPrefix.js'
import { initialise, type InitialisedTransaction } from './initialise.js'
import type { SinkTransactions } from './SinkTransactions.js'
import { transactionalId } from './transactionalId.js'

/** For so many ids ahead the coordinators are asked at a time whether they are new. */
const LOOK_AHEAD = 16

/**
 * Keeps transactions ready to begin, each with an id that no other attempt ever has: reserved in the store, then initialised, then
 * the store is asked whether this attempt is still the newest one. So a process that was stopped in between, and wakes beside its
 * successor, can neither abort a transaction of it nor open one that nobody ends.
 */
export class TransactionsAhead {
  /** Hot: emits when one has become ready. */
  readonly ready$: Observable<void>
  private readonly ready = new Subject<void>()
  private readonly work = new Subscription()
  private waiting: readonly InitialisedTransaction[] = []
  /** The number of the one that is being made ready. When that fails, it is tried again with the same: the next start ends each. */
  private reserved: number | undefined
  /** the same, once its id is initialised and only the store has to be asked */
  private initialised: InitialisedTransaction | undefined
  private filling = false
  private failure: { readonly error: unknown } | undefined
  private lookedUpTo = 0

  constructor(
    private readonly sink: SinkTransactions,
    /** how many are to be ready */
    private readonly count: number,
    /** the numbers it uses lie above this one */
    private newest: number,
    /** It is known already that others have used the prefix, and accepted: their ids are passed over. */
    private readonly usedBefore: boolean,
  ) {
    this.ready$ = this.ready.asObservable()
  }

  /** The lowest number that is ready, or is being made so; Infinity when there is none. */
  get lowest(): number {
    return this.waiting[0]?.number ?? this.reserved ?? Infinity
  }

  /** The next one, in the order of their numbers; undefined when none is ready. Throws when the last one could not be made ready. */
  take(): InitialisedTransaction | undefined {
    const [next, ...others] = this.waiting
    if (next === undefined && this.failure !== undefined) throw this.failure.error
    this.waiting = others
    return next
  }

  /** Makes ready what is missing, one after another. */
  fill(): void {
    if (this.filling || this.work.closed || this.waiting.length >= this.count) return
    this.filling = true
    this.failure = undefined
    this.work.add(
      coroutine(() => this.makeReady()).subscribe({
        error: (error: unknown) => {
          this.filling = false
          this.failure = { error }
          this.ready.next()
        },
        complete: () => {
          this.filling = false
          this.fill()
        },
      }),
    )
  }

  /** Initialises no more, and closes what was not taken. */
  close(): void {
    this.work.unsubscribe()
    const open = [...this.waiting, ...(this.initialised === undefined ? [] : [this.initialised])]
    for (const { producer } of open) producer.close().subscribe({ error: () => undefined })
    this.waiting = []
    this.initialised = undefined
  }

  private *makeReady(): Generator<Step, void> {
    const { client, config, twoPhase } = this.sink
    const number = this.reserved ?? (yield* this.nextNew())
    this.reserved = number
    const id = this.idOf(number)
    const next = this.initialised ?? { number, ...(yield* result(initialise(client, config.producer, id))) }
    // A request that got no answer may be carried out once more, after this one, and fence the producer in the midst of its transaction.
    if (next.identity.inDoubt === true) {
      this.reserved = undefined
      yield* result(next.producer.close())
      return
    }
    this.initialised = next
    yield* result(twoPhase.confirm())
    this.reserved = undefined
    this.initialised = undefined
    this.waiting = [...this.waiting, next]
    this.ready.next()
  }

  /**
   * What is reserved for this attempt alone was never used, unless another job has the prefix, or the store was put back to a copy
   * from before: then this attempt would abort or double what is not its own.
   */
  private *nextNew(): Generator<Step, number> {
    const { config, prefix, subtaskIndex, twoPhase, logger } = this.sink
    for (;;) {
      const number = yield* result(twoPhase.nextNumber(this.newest))
      this.newest = number
      if (number <= this.lookedUpTo) return number
      const ids = Array.from({ length: LOOK_AHEAD }, (_, index) => this.idOf(number + index))
      const [used] = (yield* result(describeTransactions(this.sink, ids))).keys()
      this.lookedUpTo = number + LOOK_AHEAD - 1
      if (used === undefined) return number
      yield* result(twoPhase.confirm())
      if (!this.usedBefore) {
        const error = foreignPrefix(prefix, subtaskIndex, used)
        if (config.prefixInUsePolicy === 'fail') throw error
        logger?.warn(error.message)
      }
      this.newest = this.lookedUpTo
      yield* result(twoPhase.passOver(this.newest))
      twoPhase.release(this.newest + 1)
    }
  }

  private idOf(number: number): string {
    return transactionalId(this.sink.prefix, this.sink.subtaskIndex, number)
  }
}
