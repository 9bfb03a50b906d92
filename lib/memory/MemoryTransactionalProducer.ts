import { concatMap, defer, filter, map, Observable, of, take, tap } from 'rxjs'
import { isKafkaError, KafkaError } from '../client/KafkaError.js'
import type { PreparedTransaction, TransactionalProducer } from '../client/KafkaProducer.js'
import type { ProducerConfig } from '../client/KafkaConfig.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { type TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { UnplacedRecord } from './LogBatch.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import type { BatchWriter } from './MemoryLog.js'
import { MemoryProducer } from './MemoryProducer.js'

type State = 'uninitialised' | 'initialising' | 'ready' | 'inTransaction' | 'committing' | 'aborting'
type Event = 'init' | 'initialised' | 'refused' | 'begin' | 'commit' | 'notFlushed' | 'abort' | 'ended'

/** `commit` and `abort` are legal again while they are under way: their errors may be retriable. */
const transitions: Readonly<Record<State, Partial<Record<Event, State>>>> = {
  uninitialised: { init: 'initialising' },
  initialising: { initialised: 'ready', refused: 'uninitialised' },
  ready: { begin: 'inTransaction' },
  inTransaction: { commit: 'committing', abort: 'aborting' },
  committing: { commit: 'committing', notFlushed: 'inTransaction', ended: 'ready' },
  aborting: { abort: 'aborting', ended: 'ready' },
}

/** {@link TransactionalProducer} on the in-memory Kafka. */
export class MemoryTransactionalProducer extends MemoryProducer implements TransactionalProducer {
  private state: State = 'uninitialised'
  private identity: PreparedTransaction | undefined
  private after: { readonly producer: MemoryTransactionalProducer; readonly upTo: number } | undefined
  private begunAt = 0
  /** partitions that belong to the transaction */
  private readonly added = new Set<string>()

  constructor(
    readonly transactionalId: string,
    cluster: MemoryCluster,
    connection: MemoryConnection,
    config: ProducerConfig,
  ) {
    super(cluster, connection, config)
  }

  get recordsInTransaction(): number {
    return this.state === 'inTransaction' || this.state === 'committing' ? this.appended - this.begunAt : 0
  }

  init(): Observable<PreparedTransaction> {
    const { transactionalId, config } = this
    return this.legal('init', () =>
      this.connection
        .persist({ api: 'InitProducerId', transactionalId }, () =>
          this.cluster.initProducerId(transactionalId, config.transactionTimeoutMs),
        )
        .pipe(
          tap({
            next: (identity) => {
              this.identity = identity
              this.restartSequences()
              this.on('initialised')
            },
            error: () => this.on('refused'),
          }),
        ),
    )
  }

  begin({ after }: { readonly after?: TransactionalProducer } = {}): void {
    if (this.error !== undefined) throw this.error
    if (after !== undefined && !(after instanceof MemoryTransactionalProducer)) throw foreignProducer()
    this.on('begin')
    this.begunAt = this.appended
    this.after = after === undefined ? undefined : { producer: after, upTo: after.appended }
  }

  override append(record: ProducerRecord): boolean {
    if (this.error === undefined && this.state !== 'inTransaction')
      throw illegal('append', this.state, this.transactionalId)
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
      return this.end('abort')
    })
  }

  protected override admit(topicPartition: TopicPartition): Observable<PreparedTransaction> {
    const identity = this.identity as PreparedTransaction
    const { transactionalId } = this
    const key = topicPartitionKey(topicPartition)
    return this.former(topicPartition).pipe(
      concatMap(() => {
        if (this.added.has(key)) return of(identity)
        const { topic, partition } = topicPartition
        return this.connection
          .persist(
            { api: 'AddPartitionsToTxn', topic, partition, transactionalId },
            () => this.cluster.addPartitionsToTransaction(identity, topicPartition),
            this.config.deliveryTimeoutMs,
          )
          .pipe(
            map(() => {
              this.added.add(key)
              return identity
            }),
          )
      }),
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

  /** Of an empty transaction the broker was never told. */
  private end(marker: 'commit' | 'abort'): Observable<void> {
    const { transactionalId } = this
    const nothing = this.added.size === 0
    const ended$ = nothing
      ? this.connection.delay(0).pipe(take(1))
      : this.connection.persist({ api: 'EndTxn', transactionalId }, () =>
          this.cluster.endTransaction(this.identity as PreparedTransaction, marker),
        )
    return ended$.pipe(
      tap({
        next: () => {
          this.added.clear()
          this.after = undefined
          this.on('ended')
        },
        error: (error: unknown) => {
          if (isKafkaError(error) && error.fatal) this.fail(error)
        },
      }),
    )
  }

  /** An effect that happens on subscription if the state allows it; otherwise an error, in a turn of its own. */
  private legal<T>(event: Event, effect: () => Observable<T>): Observable<T> {
    return defer(() => {
      if (this.isClosed && this.error !== undefined) return this.refuse<T>(this.error)
      if (transitions[this.state][event] === undefined)
        return this.refuse<T>(illegal(event, this.state, this.transactionalId))
      this.on(event)
      return effect()
    })
  }

  private refuse<T>(error: KafkaError): Observable<T> {
    return this.connection.delay(0).pipe(
      map(() => {
        throw error
      }),
    )
  }

  private on(event: Event): void {
    const next = transitions[this.state][event]
    if (next === undefined) throw illegal(event, this.state, this.transactionalId)
    this.state = next
  }
}

const illegal = (event: string, state: State, transactionalId: string): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: `${event} on the producer of transactional.id "${transactionalId}", which is ${names[state]}. ${advice[state]}`,
    transactionalId,
  })

const foreignProducer = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'begin({ after }) was given a producer of another client; both must come from the same adapter.',
  })

const names: Readonly<Record<State, string>> = {
  uninitialised: 'uninitialised',
  initialising: 'initialising',
  ready: 'ready, without a transaction',
  inTransaction: 'in a transaction',
  committing: 'committing',
  aborting: 'aborting',
}

const advice: Readonly<Record<State, string>> = {
  uninitialised: 'Call init first.',
  initialising: 'Wait for init.',
  ready: 'Call begin first.',
  inTransaction: 'Commit or abort it first.',
  committing: 'Wait for commit, or call it again after an error.',
  aborting: 'Wait for abort, or call it again after an error.',
}
