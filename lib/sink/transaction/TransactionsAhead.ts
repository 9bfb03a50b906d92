import { type Observable, Subject, Subscription } from 'rxjs'
import { coroutine, result, type Step } from '../../scheduling/coroutine.js'
import { initialise, type InitialisedTransaction } from './initialise.js'
import type { SinkTransactions } from './SinkTransactions.js'
import type { TransactionStrategy } from './strategy/TransactionStrategy.js'

/**
 * Keeps transactions ready to begin: the strategy gives an id, which is initialised, then the store is asked whether this attempt is
 * still the newest one. So a process that was stopped in between, and wakes beside its successor, opens none that nobody ends.
 */
export class TransactionsAhead {
  /** Hot: emits when one has become ready. */
  readonly ready$: Observable<void>
  private readonly ready = new Subject<void>()
  private readonly work = new Subscription()
  private waiting: readonly InitialisedTransaction[] = []
  /** The id of the one that is being made ready. When that fails, it is tried again with the same: the next start ends each. */
  private reserved: string | undefined
  /** the same, once its id is initialised and only the store has to be asked */
  private initialised: InitialisedTransaction | undefined
  private filling = false
  private failure: { readonly error: unknown } | undefined

  constructor(
    private readonly sink: SinkTransactions,
    private readonly strategy: Pick<TransactionStrategy, 'next' | 'leave'>,
    /** how many are to be ready */
    private readonly count: number,
  ) {
    this.ready$ = this.ready.asObservable()
  }

  /** The next one, in the order of their ids; undefined when none is ready. Throws when the last one could not be made ready. */
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
    for (const { producer, identity } of open) {
      this.strategy.leave(identity.transactionalId)
      producer.close().subscribe({ error: () => undefined })
    }
    this.waiting = []
    this.initialised = undefined
  }

  private *makeReady(): Generator<Step, void> {
    const { client, config, twoPhase } = this.sink
    const id = this.reserved ?? (yield* this.strategy.next())
    this.reserved = id
    const next = this.initialised ?? (yield* result(initialise(client, config.producer, id)))
    // A request that got no answer may be carried out once more, after this one, and fence the producer in the midst of its transaction.
    if (next.identity.inDoubt === true) {
      this.reserved = undefined
      this.strategy.leave(id)
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
}
