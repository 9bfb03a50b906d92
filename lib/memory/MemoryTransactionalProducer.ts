import {
  AsyncSubject,
  catchError,
  concatMap,
  defer,
  filter,
  forkJoin,
  map,
  merge,
  type Observable,
  of,
  ReplaySubject,
  take,
  takeUntil,
  tap,
} from 'rxjs'
import { isTransient } from '../client/isTransient.js'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import type { PreparedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import type { ProducerConfig } from '../client/KafkaConfig.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import { nextProducerState, type ProducerEvent, type ProducerState } from '../client/transactionalProducerStates.js'
import type { UnplacedRecord } from './LogBatch.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import type { BatchWriter } from './MemoryLog.js'
import { MemoryProducer } from './MemoryProducer.js'
import { producerClosed } from './producerErrors.js'

/** {@link TransactionalProducer} on the in-memory Kafka. */
export class MemoryTransactionalProducer extends MemoryProducer implements TransactionalProducer {
  private state: ProducerState = 'uninitialised'
  private identity: PreparedTransaction | undefined
  private after: { readonly producer: MemoryTransactionalProducer; readonly upTo: number } | undefined
  private begunAt = 0
  /** partitions that the coordinator was told of, or is being told of, by key: what came of it */
  private readonly asked = new Map<string, Observable<unknown>>()
  private readonly closing$ = new ReplaySubject<void>(1)

  constructor(
    readonly transactionalId: string,
    cluster: MemoryCluster,
    connection: MemoryConnection,
    config: ProducerConfig,
  ) {
    super(cluster, connection, config)
  }

  get recordsInTransaction(): number {
    return this.appended - this.begunAt
  }

  init(): Observable<PreparedTransaction> {
    const { transactionalId, config } = this
    return this.legal('init', () =>
      this.connection
        .persist({ api: 'InitProducerId', transactionalId }, () =>
          this.cluster.initProducerId(transactionalId, config.transactionTimeoutMs),
        )
        .pipe(
          this.unlessClosed(),
          tap({
            next: (identity) => {
              this.identity = identity
              this.restartSequences()
              this.on('initialised')
            },
            error: () => this.on('initFailed'),
          }),
        ),
    )
  }

  begin({ after }: { readonly after?: TransactionalProducer } = {}): void {
    const begun = this.stateAfter('begin')
    if (this.error !== undefined) throw this.error
    if (after !== undefined && !(after instanceof MemoryTransactionalProducer)) throw foreignProducer()
    this.state = begun
    this.begunAt = this.appended
    this.after = after === undefined ? undefined : { producer: after, upTo: after.appended }
  }

  override append(record: ProducerRecord): boolean {
    if (this.state !== 'inTransaction') this.on('append')
    return super.append(record)
  }

  commit(): Observable<void> {
    return this.legal('commit', () =>
      this.flush().pipe(
        tap({ error: () => this.on('notFlushed') }),
        concatMap(() => this.end('commit')),
      ),
    )
  }

  abort(): Observable<void> {
    return this.legal('abort', () => {
      this.giveUp()
      return this.allTold().pipe(concatMap(() => this.end('abort')))
    })
  }

  override close(): Observable<void> {
    return defer(() => {
      this.on('close')
      this.closing$.next()
      return super.close()
    })
  }

  protected override admit(topicPartition: TopicPartition): Observable<PreparedTransaction> {
    const identity = this.identity as PreparedTransaction
    return this.former(topicPartition).pipe(
      concatMap(() => this.tellOf(topicPartition, identity)),
      map(() => identity),
    )
  }

  protected override get callFacts() {
    return { transactionalId: this.transactionalId }
  }

  protected override write(
    topicPartition: TopicPartition,
    records: readonly UnplacedRecord[],
    writer: BatchWriter,
  ): void {
    this.cluster.produceInTransaction(this.identity as PreparedTransaction, topicPartition, records, writer)
  }

  protected override giveUp(): void {
    super.giveUp()
    this.after = undefined
  }

  /** Emits when the transactions before have all their records of this partition in the log. */
  private former(topicPartition: TopicPartition): Observable<unknown> {
    if (this.after === undefined) return of(undefined)
    const { producer, upTo } = this.after
    const isIn = (): boolean => producer.oldest(topicPartition) > upTo
    const before$ = isIn() ? of(undefined) : producer.progress.pipe(filter(isIn), take(1))
    // It may have none of this partition itself, and the one before it still may.
    return before$.pipe(concatMap(() => producer.former(topicPartition)))
  }

  /** AddPartitionsToTxn, once for each partition. It goes on when the batch that wanted it is given up. */
  private tellOf(topicPartition: TopicPartition, identity: PreparedTransaction): Observable<unknown> {
    const key = topicPartitionKey(topicPartition)
    const known = this.asked.get(key)
    if (known !== undefined) return known
    const { topic, partition } = topicPartition
    const { transactionalId, config } = this
    const told$ = onItsOwn(
      this.connection
        .persist(
          { api: 'AddPartitionsToTxn', topic, partition, transactionalId },
          () => this.cluster.addPartitionsToTransaction(identity, topicPartition),
          config.deliveryTimeoutMs,
        )
        .pipe(this.unlessClosed()),
    )
    this.asked.set(key, told$)
    return told$
  }

  /** Emits when no question to the coordinator is open: one that came after the end would begin a new transaction. */
  private allTold(): Observable<unknown> {
    const asked = [...this.asked.values()].map((told$) => told$.pipe(catchError(() => of(undefined))))
    return asked.length === 0 ? of([]) : forkJoin(asked)
  }

  /** Of an empty transaction the broker was never told. */
  private end(marker: 'commit' | 'abort'): Observable<void> {
    const { transactionalId } = this
    const ended$ =
      this.asked.size === 0
        ? this.connection.delay(0).pipe(take(1))
        : this.connection.persist({ api: 'EndTxn', transactionalId }, () =>
            this.cluster.endTransaction(this.identity as PreparedTransaction, marker),
          )
    return ended$.pipe(
      tap({
        next: () => {
          this.asked.clear()
          this.after = undefined
          this.begunAt = this.appended
          this.on('ended')
        },
        error: (error: unknown) => this.on(isKafkaError(error) && isTransient(error) ? 'postponed' : 'lose'),
      }),
    )
  }

  /** A producer that is closed asks to begin nothing more: by then a successor may use its id. */
  private unlessClosed<T>() {
    const refused$ = this.closing$.pipe(concatMap(() => this.refuse<T>(producerClosed())))
    return (answer$: Observable<T>): Observable<T> =>
      merge(answer$.pipe(takeUntil(this.closing$)), refused$).pipe(take(1))
  }

  /** An effect that happens on subscription if the state allows it; otherwise an error, in a turn of its own. */
  private legal<T>(call: ProducerEvent, effect: () => Observable<T>): Observable<T> {
    return defer(() => {
      try {
        this.on(call)
      } catch (error) {
        return this.refuse<T>(error)
      }
      return onItsOwn(effect())
    })
  }

  private refuse<T>(error: unknown): Observable<T> {
    return this.connection.delay(0).pipe(
      map(() => {
        throw error
      }),
    )
  }

  private on(event: ProducerEvent): void {
    this.state = this.stateAfter(event)
  }

  private stateAfter(event: ProducerEvent): ProducerState {
    return nextProducerState(this.state, event, this.transactionalId)
  }
}

/** Begins at once, and goes on when nobody waits for the answer any more. */
const onItsOwn = <T>(effect$: Observable<T>): Observable<T> => {
  const answer$ = new AsyncSubject<T>()
  effect$.subscribe(answer$)
  return answer$.asObservable()
}

const foreignProducer = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'begin({ after }) was given a producer of another client; both must come from the same adapter.',
  })
