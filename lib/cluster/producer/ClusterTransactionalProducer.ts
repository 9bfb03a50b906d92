import { catchError, concatMap, defer, map, type Observable, of, tap, throwError } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import { KafkaError } from '../../client/KafkaError.js'
import {
  IN_DOUBT_MS,
  type InitialisedProducer,
  type ProducerStats,
  type TransactionalProducer,
} from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { isTransient } from '../../client/isTransient.js'
import { nextProducerState, type ProducerEvent, type ProducerState } from '../../client/transactionalProducerStates.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import { endOfTurn } from '../../scheduling/endOfTurn.js'
import { toItsEnd } from '../../scheduling/toItsEnd.js'
import { toKafkaError } from '../toKafkaError.js'
import { IdentityRequest } from './IdentityRequest.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerCluster } from './ProducerCluster.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { RecordSender } from './RecordSender.js'
import type { SendPolicy } from './SendPolicy.js'
import type { SharedByProducers } from './SharedByProducers.js'
import { TransactionCoordinator } from './TransactionCoordinator.js'
import { TransactionPartitions } from './TransactionPartitions.js'

/**
 * {@link TransactionalProducer} on the port of brokers. Its states are those of `transactionalProducerStates.ts`; what it adds to
 * the sending of records are partitions made known to the coordinator (`TransactionPartitions`) and the end.
 */
export class ClusterTransactionalProducer implements TransactionalProducer {
  private readonly sender: RecordSender
  private readonly coordinator: TransactionCoordinator
  private readonly partitions: TransactionPartitions
  private state: ProducerState = 'uninitialised'
  /** Asked for by `init`; and anew after an abort that left a gap in the sequence numbers: the next transaction needs a new epoch. */
  private readonly identity: IdentityRequest
  /** Numbered batches were given up: under the same identity their partitions would miss them. */
  private sequenceGap = false
  private records = 0

  constructor(
    private readonly cluster: ProducerCluster,
    readonly transactionalId: string,
    private readonly config: ProducerConfig,
    shared?: SharedByProducers,
  ) {
    this.identity = new IdentityRequest(
      () => this.askIdentity().pipe(tap(({ inDoubt }) => this.requireCertain(inDoubt))),
      () => this.sender,
    )
    const policy: SendPolicy = {
      transactionalId,
      identity: () => this.identity.currentOrAsk(),
      admits: (queue) => this.partitions.admits(queue),
      replaceIdentity: () => false,
    }
    this.sender = new RecordSender(cluster, { ...config, acks: -1, idempotence: true }, policy, shared)
    this.coordinator = new TransactionCoordinator(cluster, transactionalId, () => this.state === 'closed')
    this.partitions = new TransactionPartitions(
      (added) => this.addPartitions(added),
      () => this.sender.wake(),
      endOfTurn(cluster.scheduler),
    )
  }

  get room$(): Observable<void> {
    return this.sender.room$
  }

  get failed$(): Observable<KafkaError> {
    return this.sender.failed$
  }

  get stats(): ProducerStats {
    return this.sender.stats
  }

  get recordsInTransaction(): number {
    return this.records
  }

  init(): Observable<InitialisedProducer> {
    return this.acting('init', () =>
      this.askIdentity().pipe(
        tap({
          next: (identity) => {
            this.identity.current = identity
            this.on('initialised')
          },
          error: () => this.on('initFailed'),
        }),
        map(({ producerId, epoch, inDoubt }) => ({
          ...{ transactionalId: this.transactionalId, producerId, epoch },
          ...(inDoubt ? { inDoubt } : {}),
        })),
      ),
    )
  }

  begin({ after }: { readonly after?: TransactionalProducer } = {}): void {
    const begun = this.stateAfter('begin')
    if (this.sender.error !== undefined) throw this.sender.error
    if (after !== undefined && !(after instanceof ClusterTransactionalProducer)) throw foreignProducer()
    this.state = begun
    this.records = 0
    if (after === undefined) return
    const hold = (topic: string, partition: number | undefined) => this.partitions.hold(topic, partition)
    after.sender.whenAcknowledged(hold)
    after.partitions.passOn(hold)
  }

  append(record: ProducerRecord): boolean {
    if (this.state !== 'inTransaction') this.on('append')
    const hasRoom = this.sender.append(record)
    this.records++
    return hasRoom
  }

  partitionsFor(topic: string): Observable<readonly number[]> {
    return toItsEnd(() => this.sender.partitionsFor(topic), this.cluster.scheduler)
  }

  flush(): Observable<void> {
    return toItsEnd(() => this.sender.flush(), this.cluster.scheduler)
  }

  commit(): Observable<void> {
    return this.acting('commit', () =>
      this.sender.flush().pipe(
        tap({ error: () => this.on('notFlushed') }),
        concatMap(() => this.end(true)),
      ),
    )
  }

  abort(): Observable<void> {
    return this.acting('abort', () =>
      this.sender.discard().pipe(
        tap((clean) => {
          // Kept until an end succeeds: an abort that is asked for again has nothing left to give up.
          if (!clean) this.sequenceGap = true
        }),
        concatMap(() => this.partitions.settled()),
        concatMap(() => this.end(false)),
        tap(() => {
          if (!this.sequenceGap) return
          this.sequenceGap = false
          this.identity.current = undefined
        }),
      ),
    )
  }

  get isClosed(): boolean {
    return this.sender.isClosed
  }

  close(): Observable<void> {
    return this.acting('close', () => this.sender.close())
  }

  /** The state changes on subscription, and the work goes on when nobody waits for it any more. */
  private acting<T>(event: ProducerEvent, work: () => Observable<T>): Observable<T> {
    return toItsEnd(() => {
      this.on(event)
      return work()
    }, this.cluster.scheduler)
  }

  private on(event: ProducerEvent): void {
    this.state = this.stateAfter(event)
  }

  private stateAfter(event: ProducerEvent): ProducerState {
    return nextProducerState(this.state, event, this.transactionalId)
  }

  /** A transaction that the coordinator does not know of ends without a request to it. */
  private end(committed: boolean): Observable<void> {
    return defer(() => {
      const { current } = this.identity
      return this.partitions.any && current !== undefined ? this.coordinator.end(current, committed) : of(undefined)
    }).pipe(
      catchError((error: unknown) => {
        this.on(isTransient(toKafkaError(error, 'EndTxn')) ? 'postponed' : 'lose')
        return throwError(() => error)
      }),
      tap(() => {
        this.partitions.clear()
        this.records = 0
        this.on('ended')
      }),
    )
  }

  private askIdentity(): Observable<ProducerIdentity & { readonly inDoubt: boolean }> {
    const { transactionTimeoutMs, deliveryTimeoutMs } = this.config
    return this.coordinator.init(transactionTimeoutMs, deliveryTimeoutMs)
  }

  /** Who asks by `init` is told of the doubt, and takes another id. Here a transaction has begun, which would be fenced in its midst. */
  private requireCertain(inDoubt: boolean): void {
    if (inDoubt) throw identityInDoubt(this.transactionalId)
  }

  private addPartitions(partitions: readonly PartitionQueue[]): Observable<unknown> {
    const { current } = this.identity
    if (current === undefined) return of(undefined)
    return this.coordinator
      .addPartitions(current, partitions, this.config.deliveryTimeoutMs)
      .pipe(tap({ error: (error: unknown) => this.sender.fail(toKafkaError(error, 'AddPartitionsToTxn')) }))
  }
}

const identityInDoubt = (transactionalId: string): KafkaError =>
  new KafkaError({
    _tag: 'Fenced',
    retriable: true,
    fatal: true,
    transactionalId,
    api: initProducerIdApi.apiName,
    message:
      `An InitProducerId of this client for transactional.id "${transactionalId}" got no answer less than ${IN_DOUBT_MS} ms ago. The broker may ` +
      'carry it out late, and fence this producer in the midst of its transaction; so it stops before that. Make a new producer with another ' +
      'transactional.id. If this comes often, the broker is overloaded, or request.timeout.ms too short for it.',
  })

const foreignProducer = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'begin({ after }) was given a producer of another client; both must come from the same adapter.',
  })
