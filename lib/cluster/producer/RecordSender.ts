import { AsyncSubject, defer, map, type Observable, of, ReplaySubject, Subject, throwError } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { ProducerStats } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { noMetrics } from '../../metrics/noMetrics.js'
import { ProduceMetrics } from '../../metrics/ProduceMetrics.js'
import { produceApi } from '../../protocol/requests/produce.js'
import { AckLatch } from './AckLatch.js'
import { EarliestTimer } from './EarliestTimer.js'
import type { PartitionQueue } from './PartitionQueue.js'
import { PartitionRetries } from './PartitionRetries.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerCluster } from './ProducerCluster.js'
import { deliveryTimeout, outOfRetries, producerClosed, recordRefused, recordsGivenUp } from './producerErrors.js'
import { type BatchOutcome, ProduceRequests, type SentBatch } from './ProduceRequests.js'
import { produceVerdict } from './produceVerdict.js'
import { RecordAccumulator } from './RecordAccumulator.js'
import type { SendPolicy } from './SendPolicy.js'
import type { SharedByProducers } from './SharedByProducers.js'
import { SendRounds } from './SendRounds.js'
import { TopicDiscovery } from './TopicDiscovery.js'

/** How far back a broker detects duplicates (KIP-98). */
const maxWindow = 5

/**
 * The machine inside both producers: accumulates, sends by leader, retries in order.
 *
 * 1. `append` puts a record into the open batch of its partition. A new batch asks for a round of sending: at the end of
 *    the turn, so that a burst of records shares batches, or when `linger.ms` is over.
 * 2. A round ({@link SendRounds}) sends what may go, up to `max.in.flight` requests per broker.
 * 3. An answer is judged batch by batch ({@link produceVerdict}). {@link PartitionQueue} keeps the order; a partition in
 *    trouble backs off alone.
 * 4. The first error that no retry mends stops the whole producer.
 */
export class RecordSender {
  readonly room$ = new Subject<void>()
  readonly failed$ = new ReplaySubject<KafkaError>(1)
  private readonly metrics: ProduceMetrics
  private readonly accumulator: RecordAccumulator
  private readonly discovery: TopicDiscovery
  private readonly requests: ProduceRequests
  private readonly retries: PartitionRetries
  private failure: KafkaError | undefined
  private roomWanted = false
  private readonly rounds: SendRounds
  private readonly expiry: EarliestTimer
  private recordsAcked = 0
  private closed = false

  constructor(
    private readonly cluster: ProducerCluster,
    private readonly config: ProducerConfig,
    private readonly policy: SendPolicy,
    { spare, metrics = new ProduceMetrics(noMetrics, cluster.now) }: SharedByProducers = {},
  ) {
    this.metrics = metrics
    this.expiry = new EarliestTimer(cluster.scheduler, () => this.expire())
    this.discovery = new TopicDiscovery(cluster, config.maxBlockMs, {
      found: () => this.dealOut(),
      failed: (error) => this.fail(error),
    })
    this.retries = new PartitionRetries(cluster, () => this.wake())
    this.requests = new ProduceRequests(
      cluster,
      config,
      policy.transactionalId,
      {
        settled: (sent, outcome) => this.settled(sent, outcome),
        completed: () => this.completed(),
      },
      metrics,
    )
    const { batchSize, bufferMemory, maxRequestSize, ignoreKeys, adaptivePartitioning } = config
    const window = config.idempotence ? Math.min(config.maxInFlight, maxWindow) : config.acks === 0 ? Infinity : 1
    this.accumulator = new RecordAccumulator(
      { batchSize, bufferMemory, maxRequestSize, window, ignoreKeys, adaptivePartitioning },
      {
        partitionCount: (topic) => cluster.partitionCount(topic),
        begun: (batch) => this.begun(batch),
        filled: () => this.wake(),
        held: (topic) => this.held(topic),
      },
      cluster.now,
      () => cluster.random(),
      spare,
    )
    const { accumulator, requests, retries } = this
    this.rounds = new SendRounds({ cluster, config, policy, accumulator, requests, retries })
  }

  get stats(): ProducerStats {
    const { recordsSent, bytesSent, latencyMs } = this.requests
    return { recordsSent, bytesSent, recordsAcked: this.recordsAcked, requestLatencyMs: latencyMs }
  }

  /** The error with which this producer has stopped. */
  get error(): KafkaError | undefined {
    return this.failure
  }

  append(record: ProducerRecord): boolean {
    if (this.failure !== undefined) throw this.failure
    // The clock is read for those alone that have no time: for each record it was 2 % of a copy.
    this.accumulator.append(record, record.timestamp ?? this.cluster.scheduler.now())
    if (this.accumulator.hasRoom) return true
    this.roomWanted = true
    this.wake()
    return false
  }

  /** The partitions of a topic, as soon as they are known; errors after `max.block.ms`. */
  partitionsFor(topic: string): Observable<readonly number[]> {
    return defer(() => {
      const known = this.cluster.partitionCount(topic)
      return known === undefined ? this.discovery.partitionsOf(topic) : of(known)
    }).pipe(map((count) => Array.from({ length: count }, (_, partition) => partition)))
  }

  /** Acts on subscription; emits once all that is appended by then is acknowledged. */
  flush(): Observable<void> {
    return defer(() => {
      const { failure } = this
      if (failure !== undefined) return throwError(() => failure)
      const flushed = new AsyncSubject<void>()
      const open = (): void => {
        flushed.next()
        flushed.complete()
      }
      const latch = new AckLatch(open, () => flushed.error(this.failure ?? recordsGivenUp()))
      this.accumulator.close(latch)
      latch.arm()
      this.wake()
      return flushed
    })
  }

  /** What was in the way of sending may be gone. */
  wake(): void {
    this.rounds.soon()
  }

  /** Tells of every partition that is not acknowledged; held records stand for all partitions of their topic. */
  whenAcknowledged(watch: (topic: string, partition: number | undefined) => AckLatch): void {
    if (this.failure !== undefined) return
    for (const { topic, partition, unacknowledged } of this.accumulator.queues) {
      if (unacknowledged.length === 0) continue
      const latch = watch(topic, partition)
      unacknowledged.forEach((batch) => batch.wait(latch))
      latch.arm()
    }
    for (const { topic, latches } of this.accumulator.unknownTopics) latches.push(watch(topic, undefined))
  }

  /**
   * Gives up what is not acknowledged, and emits once nothing is in flight: false if numbered batches are among it, so
   * that their partitions would miss them under the same identity.
   */
  discard(): Observable<boolean> {
    return defer(() => {
      this.rounds.pause()
      const waiting = this.accumulator.discard()
      return this.requests.idle().pipe(
        map(() => {
          const cameBack = this.accumulator.discard()
          this.rounds.resume()
          const clean = [...waiting, ...cameBack].every((batch) => batch.identity === undefined)
          if (!clean) this.accumulator.queues.forEach((queue) => queue.forgetIdentity())
          return clean
        }),
      )
    })
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Stops at once; what it returns emits when nothing is in flight any more. */
  close(): Observable<void> {
    this.closed = true
    this.stop(producerClosed())
    this.room$.complete()
    this.failed$.complete()
    return this.requests.idle()
  }

  fail(error: KafkaError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.failed$.next(error)
    this.stop(error)
  }

  private stop(error: KafkaError): void {
    this.failure ??= error
    this.rounds.stop()
    this.expiry.cancel()
    this.discovery.close()
    this.accumulator.discard()
  }

  private begun(batch: ProducerBatch): void {
    this.expiry.at(batch.createdAt + this.config.deliveryTimeoutMs)
    if (this.config.lingerMs === 0) this.wake()
    else this.rounds.at(batch.createdAt + this.config.lingerMs)
  }

  private held(topic: string): void {
    this.expiry.at(this.cluster.now() + this.config.deliveryTimeoutMs)
    this.discovery.find(topic)
  }

  private dealOut(): void {
    if (this.failure !== undefined) return
    this.accumulator.dealOut()
    this.wake()
  }

  private settled(sent: SentBatch, outcome: BatchOutcome): void {
    if (outcome._tag === 'Answered') return this.judge(sent, outcome.code, outcome.detail)
    if (isTransient(outcome.error)) this.trouble(sent, outcome.error, true)
    else this.refused(sent, outcome.error)
  }

  private completed(): void {
    if (this.failure !== undefined) return
    this.rounds.run()
    if (!this.roomWanted || !this.accumulator.hasRoom) return
    this.roomWanted = false
    this.room$.next()
  }

  private judge(sent: SentBatch, code: number, detail: string | null | undefined): void {
    const { queue, batch } = sent
    const { topic, partition } = queue
    const verdict = produceVerdict(code)
    if (verdict === 'acknowledged') return this.acknowledged(sent)
    const transactionalId = this.policy.transactionalId ?? undefined
    const facts = { api: produceApi.apiName, topic, partition, transactionalId, detail }
    const error = this.cluster.brokerError(code, facts)
    switch (verdict) {
      case 'retry':
      case 'refresh':
        return this.trouble(sent, error, verdict === 'refresh')
      case 'outOfOrder':
        return queue.isFirst(batch) ? this.refused(sent, error) : this.resend(queue)
      case 'unknownProducer':
        if (!this.policy.replaceIdentity(batch.identity)) return this.refused(sent, error)
        queue.forgetIdentity()
        return this.trouble(sent, error, false)
      case 'split':
        if (batch.count === 1) return this.refused(sent, recordRefused(error, batch.size))
        this.metrics.onSplit()
        this.accumulator.split(queue, batch)
        return this.resend(queue)
      case 'fail':
        return this.refused(sent, error)
    }
  }

  private acknowledged({ queue, batch }: SentBatch): void {
    if (queue.troubles > 0) this.retries.recovered(queue)
    queue.acknowledged(batch)
    this.recordsAcked += batch.count
    this.accumulator.release(batch)
    batch.latches.forEach((latch) => latch.countDown())
    this.resendLater(queue)
    if (this.accumulator.bufferedBytes > 0) return
    this.expiry.cancel()
    this.rounds.nothingLater()
  }

  private refused({ queue, batch }: SentBatch, error: KafkaError): void {
    this.metrics.onError(batch.count)
    queue.failed()
    this.fail(error)
  }

  /** Not the batch's own fault: it goes again as soon as its turn comes. */
  private resend(queue: PartitionQueue): void {
    queue.failed()
    this.resendLater(queue)
  }

  private trouble(sent: SentBatch, error: KafkaError, refresh: boolean): void {
    const { queue, batch } = sent
    const leader = this.cluster.leaderOf(queue.topic, queue.partition)
    if (batch.attempts > this.config.retries) return this.refused(sent, outOfRetries(error, this.config.retries))
    this.rounds.at(this.retries.backOff(queue, error))
    this.resend(queue)
    if (refresh) this.retries.lookForLeader(queue, leader)
  }

  private resendLater(queue: PartitionQueue): void {
    if (this.failure === undefined && queue.waiting !== undefined) this.accumulator.pending.add(queue)
  }

  private expire(): void {
    const { deliveryTimeoutMs } = this.config
    const oldest = this.accumulator.oldest
    if (oldest === undefined) return
    const dueAt = oldest.since + deliveryTimeoutMs
    if (dueAt > this.cluster.now()) return this.expiry.at(dueAt)
    const { topic, partition, trouble = this.discovery.lastTrouble } = oldest
    this.fail(deliveryTimeout(topic, partition, deliveryTimeoutMs, trouble))
  }
}
