import {
  AsyncSubject,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  last,
  map,
  type Observable,
  of,
  range,
  Subscription,
} from 'rxjs'
import type { KafkaClient } from '../../client/KafkaClient.js'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { PreparedTransaction, TransactionalProducer } from '../../client/KafkaProducer.js'
import { transactionalId } from './transactionalId.js'

/** A producer whose id is initialised: fenced from former users, nothing open. */
export interface InitialisedTransaction {
  readonly offset: number
  readonly producer: TransactionalProducer
  readonly identity: PreparedTransaction
}

/**
 * Hands out one initialised transaction per checkpoint, in the order of the checkpoints, and keeps the next one ready.
 *
 * No offset is ever left out: those of checkpoints that never came are initialised as well, so that a restart, which probes
 * upward until it meets an unused id, finds no hole.
 */
export class IncrementingTransactions {
  private newest = 0
  private readonly work = new Subscription()
  private ahead: { readonly offset: number; readonly transaction$: Observable<InitialisedTransaction> } | undefined

  constructor(
    private readonly client: KafkaClient,
    private readonly config: ProducerConfig,
    private readonly prefix: string,
    private readonly subtaskIndex: number,
  ) {}

  /** Initialises one id, of any subtask. Whatever was open under it is aborted. Acts once per subscription. */
  initialise(
    offset: number,
    subtaskIndex = this.subtaskIndex,
    prefix = this.prefix,
  ): Observable<InitialisedTransaction> {
    return defer(() => {
      const producer = this.client.transactionalProducer(transactionalId(prefix, subtaskIndex, offset), this.config)
      let initialised = false
      return producer.init().pipe(
        map((identity) => {
          initialised = true
          return { offset, producer, identity }
        }),
        finalize(() => {
          if (!initialised) producer.close().subscribe({ error: () => undefined })
        }),
      )
    })
  }

  /** Initialises no more: what is asked for again and again must not meet the next attempt's use of that id. */
  close(): void {
    this.work.unsubscribe()
  }

  /** The first one, when it was initialised while probing. */
  startFrom(first: InitialisedTransaction): void {
    this.newest = first.offset
  }

  /** Emits at once when the transaction was prepared and is ready. */
  take(offset: number): Observable<InitialisedTransaction> {
    this.prepare(offset)
    const taken = this.ahead?.transaction$ ?? EMPTY
    this.ahead = undefined
    return taken
  }

  /** Begins to initialise the transaction that will be taken next, unless that is under way. */
  prepare(offset: number): void {
    if (this.ahead?.offset === offset) return
    const before = this.ahead?.transaction$
    const missing$ = range(this.newest + 1, Math.max(0, offset - this.newest)).pipe(
      concatMap((skipped) => this.initialise(skipped)),
      concatMap((transaction) =>
        transaction.offset === offset ? of(transaction) : transaction.producer.close().pipe(map(() => transaction)),
      ),
      last(),
    )
    const transaction$ = new AsyncSubject<InitialisedTransaction>()
    const inTurn$ = (before ?? EMPTY).pipe(
      concatMap(({ producer }) => producer.close()),
      ignoreElements(),
    )
    this.work.add(concat(inTurn$, missing$).subscribe(transaction$))
    this.newest = offset
    this.ahead = { offset, transaction$ }
  }
}
