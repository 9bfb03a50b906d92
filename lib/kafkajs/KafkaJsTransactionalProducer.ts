import { defer, type Observable } from 'rxjs'
import { isTransient } from '../client/isTransient.js'
import type { ProducerConfig } from '../client/KafkaConfig.js'
import { KafkaError } from '../client/KafkaError.js'
import type { PreparedTransaction, ProducerStats, TransactionalProducer } from '../client/KafkaProducer.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { nextProducerState, type ProducerEvent, type ProducerState } from '../client/transactionalProducerStates.js'
import type { PartitionQueue } from './producer/PartitionQueue.js'
import type { ProducerConnections } from './producer/ProducerConnections.js'
import type { ProducerIdentity } from './producer/ProducerIdentity.js'
import { RecordSender } from './producer/RecordSender.js'
import type { SendPolicy } from './producer/SendPolicy.js'
import type { SpareBuilders } from './producer/SpareBuilders.js'
import { TransactionCoordinator } from './producer/TransactionCoordinator.js'
import { TransactionPartitions } from './producer/TransactionPartitions.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * {@link TransactionalProducer} on kafkajs's connections. Its states are those of `transactionalProducerStates.ts`; what it adds to
 * the sending of records are partitions made known to the coordinator (`TransactionPartitions`) and the end.
 */
export class KafkaJsTransactionalProducer implements TransactionalProducer {
  private readonly sender: RecordSender
  private readonly coordinator: TransactionCoordinator
  private readonly partitions: TransactionPartitions
  private state: ProducerState = 'uninitialised'
  private identity: ProducerIdentity | undefined
  private renewing = false
  private records = 0

  constructor(
    connections: ProducerConnections,
    readonly transactionalId: string,
    private readonly config: ProducerConfig,
    spare?: SpareBuilders,
  ) {
    const policy: SendPolicy = {
      transactionalId,
      identity: () => this.identityOrAsk(),
      admits: (queue) => this.partitions.admits(queue),
      replaceIdentity: () => false,
    }
    this.sender = new RecordSender(connections, { ...config, acks: -1, idempotence: true }, policy, spare)
    this.coordinator = new TransactionCoordinator(connections, transactionalId, () => this.state === 'closed')
    this.partitions = new TransactionPartitions(
      (added) => this.addPartitions(added),
      () => this.sender.wake(),
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

  init(): Observable<PreparedTransaction> {
    return defer(async () => {
      this.on('init')
      try {
        const { producerId, epoch } = await this.askIdentity()
        this.on('initialised')
        return { transactionalId: this.transactionalId, producerId, epoch }
      } catch (error) {
        this.on('initFailed')
        throw error
      }
    })
  }

  begin({ after }: { readonly after?: TransactionalProducer } = {}): void {
    const begun = this.stateAfter('begin')
    if (this.sender.error !== undefined) throw this.sender.error
    if (after !== undefined && !(after instanceof KafkaJsTransactionalProducer)) throw foreignProducer()
    this.state = begun
    this.records = 0
    if (after === undefined) return
    const occupy = (topic: string, partition: number | undefined) => this.partitions.occupy(topic, partition)
    after.sender.whenAcknowledged(occupy)
    after.partitions.bequeath(occupy)
  }

  append(record: ProducerRecord): boolean {
    if (this.state !== 'inTransaction') this.on('append')
    const hasRoom = this.sender.append(record)
    this.records++
    return hasRoom
  }

  partitionsFor(topic: string): Observable<readonly number[]> {
    return defer(async () => Array.from({ length: await this.sender.partitionsOf(topic) }, (_, partition) => partition))
  }

  flush(): Observable<void> {
    return defer(() => this.sender.flush())
  }

  commit(): Observable<void> {
    return defer(async () => {
      this.on('commit')
      await this.flushBeforeCommit()
      await this.end(true)
    })
  }

  abort(): Observable<void> {
    return defer(async () => {
      this.on('abort')
      const clean = await this.sender.discard()
      await this.partitions.settled()
      await this.end(false)
      if (!clean) this.identity = undefined
    })
  }

  get isClosed(): boolean {
    return this.sender.isClosed
  }

  close(): Observable<void> {
    return defer(() => {
      this.on('close')
      return this.sender.close()
    })
  }

  private on(event: ProducerEvent): void {
    this.state = this.stateAfter(event)
  }

  private stateAfter(event: ProducerEvent): ProducerState {
    return nextProducerState(this.state, event, this.transactionalId)
  }

  private async flushBeforeCommit(): Promise<void> {
    try {
      await this.sender.flush()
    } catch (error) {
      this.on('notFlushed')
      throw error
    }
  }

  /** A transaction that the coordinator was never told of ends without a word to it. */
  private async end(committed: boolean): Promise<void> {
    try {
      if (this.partitions.any && this.identity !== undefined) await this.coordinator.end(this.identity, committed)
    } catch (error) {
      this.on(isTransient(toKafkaError(error)) ? 'postponed' : 'lose')
      throw error
    }
    this.partitions.clear()
    this.records = 0
    this.on('ended')
  }

  private async askIdentity(): Promise<ProducerIdentity> {
    const { transactionTimeoutMs, deliveryTimeoutMs } = this.config
    this.identity = await this.coordinator.init(transactionTimeoutMs, deliveryTimeoutMs)
    return this.identity
  }

  /** After an abort that left a gap in the sequence numbers, the next transaction needs a new epoch. */
  private identityOrAsk(): ProducerIdentity | undefined {
    if (this.identity === undefined && !this.renewing) {
      this.renewing = true
      this.askIdentity()
        .catch((error: unknown) => this.sender.fail(toKafkaError(error)))
        .finally(() => {
          this.renewing = false
          this.sender.wake()
        })
    }
    return this.identity
  }

  private async addPartitions(partitions: readonly PartitionQueue[]): Promise<void> {
    try {
      if (this.identity === undefined) return
      await this.coordinator.addPartitions(this.identity, partitions, this.config.deliveryTimeoutMs)
    } catch (error) {
      this.sender.fail(toKafkaError(error))
      throw error
    }
  }
}

const foreignProducer = (): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    message: 'begin({ after }) was given a producer of another client; both must come from the same adapter.',
  })
