import { asyncScheduler, ReplaySubject, type SchedulerLike, Subject } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { ProducerStats } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { produceApi } from '../../protocol/requests/produce.js'
import { type MonotonicClock, monotonicClock } from '../../scheduling/monotonicClock.js'
import { AckLatch } from './AckLatch.js'
import { Alarm } from './Alarm.js'
import type { PartitionQueue } from './PartitionQueue.js'
import { PartitionRetries } from './PartitionRetries.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerConnections } from './ProducerConnections.js'
import { deliveryTimeout, outOfRetries, producerClosed, recordRefused, recordsGivenUp } from './producerErrors.js'
import { type Parcel, type ParcelOutcome, ProduceRequests } from './ProduceRequests.js'
import { produceVerdict } from './produceVerdict.js'
import { RecordAccumulator } from './RecordAccumulator.js'
import type { SendPolicy } from './SendPolicy.js'
import type { SpareBuilders } from './SpareBuilders.js'
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
  private readonly accumulator: RecordAccumulator
  private readonly discovery: TopicDiscovery
  private readonly scheduler: SchedulerLike
  private readonly now: MonotonicClock
  private readonly requests: ProduceRequests
  private readonly retries: PartitionRetries
  private failure: KafkaError | undefined
  private roomWanted = false
  private readonly rounds: SendRounds
  private readonly expiry: Alarm
  private recordsAcked = 0
  private closed = false

  constructor(
    private readonly connections: ProducerConnections,
    private readonly config: ProducerConfig,
    private readonly policy: SendPolicy,
    spare?: SpareBuilders,
  ) {
    this.scheduler = connections.config.scheduler ?? asyncScheduler
    this.now = monotonicClock(this.scheduler)
    this.expiry = new Alarm(this.scheduler, () => this.expire())
    this.discovery = new TopicDiscovery(connections, this.scheduler, config.maxBlockMs, {
      found: () => this.dealOut(),
      failed: (error) => this.fail(error),
    })
    this.retries = new PartitionRetries(connections, this.scheduler, () => this.wake())
    this.requests = new ProduceRequests(connections, config, policy.transactionalId, this.scheduler, {
      settled: (parcel, outcome) => this.settled(parcel, outcome),
      landed: () => this.landed(),
    })
    const { batchSize, bufferMemory, maxRequestSize } = config
    const window = config.idempotence ? Math.min(config.maxInFlight, maxWindow) : config.acks === 0 ? Infinity : 1
    this.accumulator = new RecordAccumulator(
      { batchSize, bufferMemory, maxRequestSize, window },
      {
        partitionCount: (topic) => connections.partitionCount(topic),
        begun: (batch) => this.begun(batch),
        filled: () => this.wake(),
        held: (topic) => this.held(topic),
      },
      this.now,
      Math.random,
      spare,
    )
    const { scheduler, accumulator, requests, retries } = this
    this.rounds = new SendRounds({ connections, config, policy, scheduler, accumulator, requests, retries })
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
    this.accumulator.append(record, this.scheduler.now())
    if (this.accumulator.hasRoom) return true
    this.roomWanted = true
    this.wake()
    return false
  }

  /** How many partitions a topic has, as soon as that is known; rejects after `max.block.ms`. */
  partitionsOf(topic: string): Promise<number> {
    const known = this.connections.partitionCount(topic)
    return known === undefined ? this.discovery.partitionsOf(topic) : Promise.resolve(known)
  }

  /** Resolves once all that is appended by now is acknowledged. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure)
      const latch = new AckLatch(resolve, () => reject(this.failure ?? recordsGivenUp()))
      this.accumulator.close(latch)
      latch.arm()
      this.wake()
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
   * Gives up what is not acknowledged, and resolves once nothing is on its way: false if numbered batches are among it, so
   * that their partitions would miss them under the same identity.
   */
  async discard(): Promise<boolean> {
    this.rounds.pause()
    const waiting = this.accumulator.discard()
    await this.requests.landed()
    const cameBack = this.accumulator.discard()
    this.rounds.resume()
    const clean = [...waiting, ...cameBack].every((batch) => batch.identity === undefined)
    if (!clean) this.accumulator.queues.forEach((queue) => queue.forgetIdentity())
    return clean
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Stops at once, and resolves when nothing is on its way any more. */
  close(): Promise<void> {
    this.closed = true
    this.stop(producerClosed())
    this.room$.complete()
    this.failed$.complete()
    return this.requests.landed()
  }

  fail(error: KafkaError): void {
    if (this.failure !== undefined) return
    this.stop(error)
    this.failed$.next(error)
  }

  private stop(error: KafkaError): void {
    this.failure ??= error
    this.rounds.stop()
    this.expiry.cancel()
    this.discovery.close()
    this.accumulator.discard()
  }

  private begun(batch: ProducerBatch): void {
    this.expiry.ringAt(batch.createdAt + this.config.deliveryTimeoutMs)
    if (this.config.lingerMs === 0) this.wake()
    else this.rounds.at(batch.createdAt + this.config.lingerMs)
  }

  private held(topic: string): void {
    this.expiry.ringAt(this.now() + this.config.deliveryTimeoutMs)
    this.discovery.find(topic)
  }

  private dealOut(): void {
    if (this.failure !== undefined) return
    this.accumulator.dealOut()
    this.wake()
  }

  private settled(parcel: Parcel, outcome: ParcelOutcome): void {
    if (outcome._tag === 'Answered') return this.judge(parcel, outcome.code, outcome.detail)
    if (isTransient(outcome.error)) this.trouble(parcel, outcome.error, true)
    else this.refused(parcel, outcome.error)
  }

  private landed(): void {
    if (this.failure !== undefined) return
    this.rounds.run()
    if (!this.roomWanted || !this.accumulator.hasRoom) return
    this.roomWanted = false
    this.room$.next()
  }

  private judge(parcel: Parcel, code: number, detail: string | null | undefined): void {
    const { queue, batch } = parcel
    const { topic, partition } = queue
    const verdict = produceVerdict(code)
    if (verdict === 'acknowledged') return this.acknowledged(parcel)
    const transactionalId = this.policy.transactionalId ?? undefined
    const facts = { api: produceApi.apiName, topic, partition, transactionalId, detail }
    const error = this.connections.brokerError(code, facts)
    switch (verdict) {
      case 'retry':
      case 'refresh':
        return this.trouble(parcel, error, verdict === 'refresh')
      case 'outOfOrder':
        return queue.isFirst(batch) ? this.refused(parcel, error) : this.resend(queue)
      case 'unknownProducer':
        if (!this.policy.replaceIdentity(batch.identity)) return this.refused(parcel, error)
        queue.forgetIdentity()
        return this.trouble(parcel, error, false)
      case 'split':
        if (batch.count === 1) return this.refused(parcel, recordRefused(error, batch.size))
        this.accumulator.split(queue, batch)
        return this.resend(queue)
      case 'fail':
        return this.refused(parcel, error)
    }
  }

  private acknowledged({ queue, batch }: Parcel): void {
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

  private refused({ queue }: Parcel, error: KafkaError): void {
    queue.failed()
    this.fail(error)
  }

  /** Not the batch's own fault: it goes again as soon as its turn comes. */
  private resend(queue: PartitionQueue): void {
    queue.failed()
    this.resendLater(queue)
  }

  private trouble(parcel: Parcel, error: KafkaError, refresh: boolean): void {
    const { queue, batch } = parcel
    const leader = this.connections.leaderOf(queue.topic, queue.partition)
    if (batch.attempts > this.config.retries) return this.refused(parcel, outOfRetries(error, this.config.retries))
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
    if (dueAt > this.now()) return this.expiry.ringAt(dueAt)
    const { topic, partition, trouble = this.discovery.lastTrouble } = oldest
    this.fail(deliveryTimeout(topic, partition, deliveryTimeoutMs, trouble))
  }
}
