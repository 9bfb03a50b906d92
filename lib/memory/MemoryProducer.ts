import {
  catchError,
  concatMap,
  defer,
  map,
  merge,
  Observable,
  of,
  ReplaySubject,
  shareReplay,
  Subject,
  Subscription,
  take,
  throwError,
} from 'rxjs'
import { checkProducerRecord, checkTopicName } from '../client/checkProducerRecord.js'
import type { ProducerConfig } from '../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import type { KafkaProducer, ProducerStats } from '../client/KafkaProducer.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import type { TopicPartition } from '../client/TopicPartition.js'
import type { UnplacedRecord } from './LogBatch.js'
import type { MemoryCluster } from './MemoryCluster.js'
import type { MemoryConnection } from './MemoryConnection.js'
import { missingTopic, topicNotPresent, topicThere } from '../client/missingTopic.js'
import { memoryError } from './memoryError.js'
import { type BatchWriter, rememberedBatches } from './MemoryLog.js'
import type { PartitionQueue, QueuedBatch } from './PartitionQueue.js'
import { inTime, producerClosed, recordTooLarge } from './producerErrors.js'
import { RecordArena } from './RecordArena.js'
import { TopicQueues } from './TopicQueues.js'

/** Whose records they are: a producer id and its epoch. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

/**
 * {@link KafkaProducer} on the in-memory Kafka.
 *
 * Each partition has a queue and at most one request on its way, which takes what has gathered when it arrives: so order
 * holds under retries, and many records cost one turn.
 */
export class MemoryProducer implements KafkaProducer {
  readonly room$: Observable<void>
  readonly failed$: Observable<KafkaError>
  protected error: KafkaError | undefined
  protected appended = 0
  /** emits when records were acknowledged or given up */
  protected readonly progress = new Subject<void>()
  private readonly room = new Subject<void>()
  private readonly failures = new ReplaySubject<KafkaError>(1)
  /** emits to end lingering */
  private readonly hurry = new Subject<void>()
  private readonly topics = new Map<string, TopicQueues>()
  private readonly arena = new RecordArena()
  private work = new Subscription()
  private identity$: Observable<ProducerIdentity> | undefined
  private flushing = 0
  private bufferedBytes = 0
  private full = false
  private closed = false
  private recordsSent = 0
  private bytesSent = 0
  private recordsAcked = 0
  private requestLatencyMs = 0

  constructor(
    protected readonly cluster: MemoryCluster,
    protected readonly connection: MemoryConnection,
    protected readonly config: ProducerConfig,
  ) {
    this.room$ = this.room.asObservable()
    this.failed$ = this.failures.asObservable()
  }

  get stats(): ProducerStats {
    const { recordsSent, bytesSent, recordsAcked, requestLatencyMs } = this
    return { recordsSent, bytesSent, recordsAcked, requestLatencyMs }
  }

  get isClosed(): boolean {
    return this.closed
  }

  append(record: ProducerRecord): boolean {
    if (this.error !== undefined) throw this.error
    checkProducerRecord(record)
    const topic = this.topic(record.topic)
    const copy = this.arena.copy(record, this.connection.scheduler.now())
    if (copy.size > this.config.maxRequestSize) throw recordTooLarge(record, copy.size, this.config.maxRequestSize)
    this.bufferedBytes += copy.size
    const queue = topic.add(++this.appended, copy)
    if (!queue.busy) this.send(queue)
    else if (this.hurry.observed && queue.hasFullBatch) this.hurry.next()
    this.full = this.bufferedBytes > this.config.bufferMemory
    return !this.full
  }

  partitionsFor(topic: string): Observable<readonly number[]> {
    const { maxBlockMs } = this.config
    return this.find(topic, maxBlockMs).pipe(
      map((count) => Array.from({ length: count }, (_, partition) => partition)),
      catchError((error: unknown) =>
        throwError(() => (isKafkaError(error) && error.retriable ? topicNotPresent(topic, maxBlockMs, error) : error)),
      ),
    )
  }

  flush(): Observable<void> {
    // Answers once: an abort from within the answer makes progress again.
    return new Observable<void>((subscriber) => {
      const upTo = this.appended
      this.flushing++
      this.hurry.next()
      const settle = (): void => {
        if (this.error !== undefined) subscriber.error(this.error)
        else if (this.oldest() > upTo) subscriber.next()
      }
      subscriber.add(() => this.flushing--)
      subscriber.add(this.progress.subscribe(settle))
      subscriber.add(this.connection.schedule(settle))
    }).pipe(take(1))
  }

  close(): Observable<void> {
    return new Observable((subscriber) => {
      this.closed = true
      this.error ??= producerClosed()
      this.giveUp()
      this.connection.schedule(() => {
        subscriber.next()
        subscriber.complete()
      })
    })
  }

  /** What must be before a partition is written to. */
  protected admit(_topicPartition: TopicPartition): Observable<ProducerIdentity | null> {
    if (!this.config.idempotence) return of(null)
    this.identity$ ??= this.connection
      .persist({ api: 'InitProducerId' }, () => ({ producerId: this.cluster.newProducerId(), epoch: 0 }))
      .pipe(shareReplay({ bufferSize: 1, refCount: false }))
    return this.identity$
  }

  /** What tells the requests of this producer from others. */
  protected get callFacts(): { readonly transactionalId?: string } {
    return {}
  }

  protected write(
    topicPartition: TopicPartition,
    records: readonly UnplacedRecord[],
    writer: BatchWriter | null,
  ): void {
    this.cluster.produce(topicPartition, records, writer)
  }

  protected fail(error: KafkaError): void {
    if (this.error !== undefined) return
    this.error = error
    this.failures.next(error)
    this.progress.next()
  }

  /** Drops what is not acknowledged. What is on its way arrives empty. */
  protected giveUp(): void {
    this.work.unsubscribe()
    this.work = new Subscription()
    this.queues().forEach((queue) => queue.clear())
    this.bufferedBytes = 0
    this.progress.next()
  }

  /** With a new epoch, sequence numbers begin at 0. */
  protected restartSequences(): void {
    for (const queue of this.queues()) queue.nextSequence = 0
  }

  /** Number of the oldest record not acknowledged, for one partition or for all. */
  oldest(topicPartition?: TopicPartition): number {
    if (topicPartition === undefined) return Math.min(Infinity, ...this.queues().map((queue) => queue.oldest))
    return this.topics.get(topicPartition.topic)?.oldest(topicPartition.partition) ?? Infinity
  }

  private send(queue: PartitionQueue): void {
    queue.busy = true
    const request$ = queue.isUnknown ? this.lookUp(queue.topicPartition.topic) : this.produce(queue)
    this.work.add(
      this.lingering(queue)
        .pipe(concatMap(() => request$))
        .subscribe({
          next: (acknowledged) => this.arrived(queue, acknowledged),
          error: (error: unknown) => this.refused(queue, error),
        }),
    )
  }

  private lingering(queue: PartitionQueue): Observable<unknown> {
    const { lingerMs } = this.config
    const atOnce = lingerMs <= 0 || this.flushing > 0 || queue.isUnknown || queue.hasFullBatch
    return atOnce ? of(undefined) : merge(this.hurry, this.connection.delay(lingerMs)).pipe(take(1))
  }

  /** How many partitions it has, asked for as long as that; the cluster may create it. */
  private find(topic: string, budgetMs: number): Observable<number> {
    const { cluster, connection, config } = this
    return connection.persist(
      { api: 'Metadata', topic },
      () => {
        const count = cluster.partitionCount(topic, true)
        if (count === undefined) {
          connection.missingTopics.meet(topic, () => missingTopic(topic, config.maxBlockMs))
          throw memoryError('UNKNOWN_TOPIC_OR_PARTITION', { api: 'Metadata', topic })
        }
        connection.missingTopics.over(topic, () => topicThere(topic))
        return count
      },
      budgetMs,
    )
  }

  private lookUp(topic: string): Observable<readonly QueuedBatch[]> {
    const { maxBlockMs, deliveryTimeoutMs } = this.config
    const found$: Observable<unknown> =
      maxBlockMs <= deliveryTimeoutMs ? this.partitionsFor(topic) : this.find(topic, deliveryTimeoutMs)
    return found$.pipe(
      map(() => {
        this.topic(topic)
          .settle()
          .forEach((queue) => queue.busy || this.send(queue))
        return []
      }),
    )
  }

  private produce(queue: PartitionQueue): Observable<readonly QueuedBatch[]> {
    const { topic, partition } = queue.topicPartition
    return defer(() => this.admit(queue.topicPartition)).pipe(
      concatMap((identity) => {
        const startedAt = this.connection.scheduler.now()
        const call = { api: 'Produce', topic, partition, ...this.callFacts } as const
        return this.connection.persist(call, this.writeOnce(queue, identity), this.config.deliveryTimeoutMs).pipe(
          map(() => {
            this.requestLatencyMs = this.connection.scheduler.now() - startedAt
            return queue.acknowledge()
          }),
        )
      }),
    )
  }

  /** The effect of a request: takes what waits when it first arrives, and writes the same batches again in a retry. */
  private writeOnce(queue: PartitionQueue, identity: ProducerIdentity | null): () => void {
    const work = this.work
    const baseSequence = queue.nextSequence
    let batches: readonly QueuedBatch[] | undefined
    return () => {
      if (work !== this.work) return
      batches ??= this.take(queue)
      let sequence = baseSequence
      for (const { records } of batches) {
        this.write(queue.topicPartition, records, identity === null ? null : { ...identity, baseSequence: sequence })
        sequence = (sequence + records.length) & 0x7fffffff
      }
      queue.nextSequence = sequence
    }
  }

  private take(queue: PartitionQueue): readonly QueuedBatch[] {
    const { topic, partition } = queue.topicPartition
    const batches = queue.send(rememberedBatches)
    this.topic(topic).sent(partition)
    for (const { records, bytes } of batches) {
      this.recordsSent += records.length
      this.bytesSent += bytes
    }
    return batches
  }

  private arrived(queue: PartitionQueue, acknowledged: readonly QueuedBatch[]): void {
    queue.busy = false
    for (const { records, bytes } of acknowledged) {
      this.recordsAcked += records.length
      this.bufferedBytes -= bytes
    }
    if (queue.hasWaiting) this.send(queue)
    this.progress.next()
    if (!this.full || this.bufferedBytes > this.config.bufferMemory) return
    this.full = false
    this.room.next()
  }

  private refused(queue: PartitionQueue, error: unknown): void {
    const { topic, partition } = queue.topicPartition
    this.fail(isKafkaError(error) ? inTime(error, topic, partition, this.config) : (error as KafkaError))
  }

  private topic(topic: string): TopicQueues {
    const known = this.topics.get(topic)
    if (known !== undefined) return known
    checkTopicName(topic)
    const queues = new TopicQueues(topic, this.config.batchSize, () => this.cluster.partitionCount(topic))
    this.topics.set(topic, queues)
    return queues
  }

  private queues(): readonly PartitionQueue[] {
    return [...this.topics.values()].flatMap((queues) => queues.all())
  }
}
