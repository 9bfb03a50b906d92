import { asyncScheduler, ReplaySubject, type SchedulerLike, Subject } from 'rxjs'
import type { ProducerConfig } from '../../client/KafkaConfig.js'
import type { KafkaError } from '../../client/KafkaError.js'
import type { ProducerStats } from '../../client/KafkaProducer.js'
import type { ProducerRecord } from '../../client/ProducerRecord.js'
import { brokerError } from '../../protocol/brokerError.js'
import { produceApi, type ProduceResponse } from '../../protocol/requests/produce.js'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { toKafkaError } from '../toKafkaError.js'
import { AckLatch } from './AckLatch.js'
import { Alarm } from './Alarm.js'
import type { PartitionQueue } from './PartitionQueue.js'
import type { ProducerBatch } from './ProducerBatch.js'
import type { ProducerConnections } from './ProducerConnections.js'
import {
  deliveryTimeout,
  outOfRetries,
  producerClosed,
  recordRefused,
  recordsGivenUp,
  withoutLeader,
} from './producerErrors.js'
import { produceVerdict } from './produceVerdict.js'
import { RecordAccumulator } from './RecordAccumulator.js'
import type { SendPolicy } from './SendPolicy.js'
import { TopicDiscovery } from './TopicDiscovery.js'

/** A batch on its way, and where it belongs. */
interface Parcel {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** How far back a broker detects duplicates (KIP-98). */
const maxWindow = 5

/**
 * The machine inside both producers: accumulates, sends by leader, retries in order.
 *
 * 1. `append` puts a record into the open batch of its partition. A new batch asks for a round of sending: at the end of
 *    the turn, so that a burst of records shares batches, or when `linger.ms` is over.
 * 2. A round ({@link RecordSender.sendDue}) takes what may be sent, groups it by leader, one batch of a partition in each request, and
 *    sends up to `max.in.flight` requests per broker. It ends with setting the clock for what becomes due later.
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
  private readonly flights = new Map<number, number>()
  private readonly landings = new Set<() => void>()
  private failure: KafkaError | undefined
  private roomWanted = false
  private roundDue = false
  private discarding = false
  private readonly nextRound: Alarm
  private readonly expiry: Alarm
  private lastTrouble: KafkaError | undefined
  private flying = 0
  private recordsSent = 0
  private bytesSent = 0
  private recordsAcked = 0
  private requestLatencyMs = 0

  constructor(
    private readonly connections: ProducerConnections,
    private readonly config: ProducerConfig,
    private readonly policy: SendPolicy,
  ) {
    this.scheduler = connections.config.scheduler ?? asyncScheduler
    this.nextRound = new Alarm(this.scheduler, () => this.sendDue())
    this.expiry = new Alarm(this.scheduler, () => this.expire())
    this.discovery = new TopicDiscovery(connections, this.scheduler, {
      found: () => this.dealOut(),
      failed: (error) => this.fail(error),
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
    )
  }

  get stats(): ProducerStats {
    const { recordsSent, bytesSent, recordsAcked, requestLatencyMs } = this
    return { recordsSent, bytesSent, recordsAcked, requestLatencyMs }
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

  /** A round of sending at the end of this turn. */
  wake(): void {
    if (this.roundDue || this.failure !== undefined) return
    this.roundDue = true
    queueMicrotask(() => {
      this.roundDue = false
      if (this.failure === undefined) this.sendDue()
    })
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
    this.discarding = true
    const waiting = this.accumulator.discard()
    await this.landed()
    const cameBack = this.accumulator.discard()
    this.discarding = false
    const clean = [...waiting, ...cameBack].every((batch) => batch.identity === undefined)
    if (!clean) this.accumulator.queues.forEach((queue) => queue.forgetIdentity())
    return clean
  }

  /** Stops at once, and resolves when nothing is on its way any more. */
  close(): Promise<void> {
    this.stop(producerClosed())
    this.room$.complete()
    this.failed$.complete()
    return this.landed()
  }

  fail(error: KafkaError): void {
    if (this.failure !== undefined) return
    this.stop(error)
    this.failed$.next(error)
  }

  private stop(error: KafkaError): void {
    this.failure ??= error
    this.nextRound.cancel()
    this.expiry.cancel()
    this.discovery.close()
    this.accumulator.discard()
  }

  private landed(): Promise<void> {
    return this.flying === 0 ? Promise.resolve() : new Promise((resolve) => this.landings.add(resolve))
  }

  private begun(batch: ProducerBatch): void {
    this.expiry.ringAt(batch.createdAt + this.config.deliveryTimeoutMs)
    if (this.config.lingerMs === 0) this.wake()
    else this.nextRound.ringAt(batch.createdAt + this.config.lingerMs)
  }

  private held(topic: string): void {
    this.expiry.ringAt(this.scheduler.now() + this.config.deliveryTimeoutMs)
    this.discovery.find(topic)
  }

  private dealOut(): void {
    if (this.failure !== undefined) return
    this.accumulator.dealOut()
    this.wake()
  }

  private sendDue(): void {
    if (this.discarding) return
    const identity = this.policy.identity()
    if (identity === undefined) return
    const now = this.scheduler.now()
    const byLeader = new Map<number, PartitionQueue[]>()
    for (const queue of this.accumulator.pending) {
      if (identity !== null) queue.use(identity)
      if (queue.waiting === undefined) this.accumulator.pending.delete(queue)
      else if (this.isDue(queue, now)) this.groupByLeader(byLeader, queue, now)
    }
    byLeader.forEach((queues, nodeId) => this.sendTo(nodeId, queues, now))
  }

  private isDue(queue: PartitionQueue, now: number): boolean {
    if (!queue.mayGoOn) return false
    const at = Math.max(queue.retryAt, this.isFull(queue) ? -Infinity : queue.waiting!.createdAt + this.config.lingerMs)
    if (at <= now) return true
    this.nextRound.ringAt(at)
    return false
  }

  private isFull(queue: PartitionQueue): boolean {
    return queue.waiting !== queue.open || !this.accumulator.hasRoom
  }

  private groupByLeader(byLeader: Map<number, PartitionQueue[]>, queue: PartitionQueue, now: number): void {
    const { topic, partition } = queue
    const leader = this.connections.leaderOf(topic, partition)
    if (leader === undefined) {
      this.backOff(queue, now, withoutLeader(topic, partition, this.connections.partitionCount(topic)))
      this.lookForLeader(queue, undefined)
      return
    }
    if (!queue.mayGoTo(leader.nodeId) || !this.policy.admits(queue)) return
    const queues = byLeader.get(leader.nodeId)
    if (queues === undefined) byLeader.set(leader.nodeId, [queue])
    else queues.push(queue)
  }

  private sendTo(nodeId: number, queues: readonly PartitionQueue[], now: number): void {
    while ((this.flights.get(nodeId) ?? 0) < this.config.maxInFlight) {
      const parcels = this.pack(nodeId, queues, now)
      if (parcels.length === 0) return
      this.send(nodeId, parcels)
    }
  }

  /** One batch of each partition, as many as fit into a request. Who is served goes to the end of the line. */
  private pack(nodeId: number, queues: readonly PartitionQueue[], now: number): readonly Parcel[] {
    const { pending } = this.accumulator
    const parcels: Parcel[] = []
    let bytes = 0
    for (const queue of queues) {
      const next = queue.waiting
      if (next === undefined || !this.isDue(queue, now)) continue
      if (parcels.length > 0 && bytes + next.size > this.config.maxRequestSize) continue
      bytes += next.size
      parcels.push({ queue, batch: queue.take(nodeId) })
      pending.delete(queue)
      if (queue.waiting !== undefined) pending.add(queue)
    }
    return parcels
  }

  private send(nodeId: number, parcels: readonly Parcel[]): void {
    const { connections, config } = this
    const { requestTimeoutMs } = connections.config
    const sentAt = this.scheduler.now()
    const partitions = parcels.map(({ queue: { topic, partition }, batch }) => ({
      topic,
      partition,
      records: batch.encode(config.compression, config.compressionLevel),
    }))
    this.count(parcels)
    this.flying++
    this.flights.set(nodeId, (this.flights.get(nodeId) ?? 0) + 1)
    connections
      .send(
        nodeId,
        'produce',
        produceApi,
        { transactionalId: this.policy.transactionalId, acks: config.acks, timeoutMs: requestTimeoutMs, partitions },
        { expectResponse: config.acks !== 0 },
      )
      .then(
        (response) => this.land(nodeId, () => this.answered(parcels, response, sentAt)),
        (error: unknown) =>
          this.land(nodeId, () => this.lost(parcels, toKafkaError(error, { api: produceApi.apiName }))),
      )
  }

  private count(parcels: readonly Parcel[]): void {
    for (const { batch } of parcels) {
      this.bytesSent += batch.size
      if (batch.attempts === 1) this.recordsSent += batch.count
    }
  }

  private land(nodeId: number, settle: () => void): void {
    this.flying--
    this.flights.set(nodeId, this.flights.get(nodeId)! - 1)
    settle()
    if (this.flying === 0) {
      this.landings.forEach((landed) => landed())
      this.landings.clear()
    }
    if (this.failure !== undefined) return
    this.sendDue()
    if (!this.roomWanted || !this.accumulator.hasRoom) return
    this.roomWanted = false
    this.room$.next()
  }

  private answered(parcels: readonly Parcel[], response: ProduceResponse | undefined, sentAt: number): void {
    this.requestLatencyMs = this.scheduler.now() - sentAt
    if (response === undefined) return parcels.forEach((parcel) => this.acknowledged(parcel))
    for (const parcel of parcels) {
      const { topic, partition } = parcel.queue
      const answer = response.partitions.find((each) => each.partition === partition && each.topic === topic)
      this.judge(parcel, answer?.errorCode ?? unanswered, answer?.recordErrors[0]?.message ?? answer?.errorMessage)
    }
  }

  private judge(parcel: Parcel, code: number, detail: string | null | undefined): void {
    const { queue, batch } = parcel
    const { topic, partition } = queue
    const verdict = produceVerdict(code)
    if (verdict === 'acknowledged') return this.acknowledged(parcel)
    const error = brokerError(code, { api: produceApi.apiName, topic, partition, detail })
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

  private lost(parcels: readonly Parcel[], error: KafkaError): void {
    for (const parcel of parcels) {
      if (error.retriable) this.trouble(parcel, error, true)
      else this.refused(parcel, error)
    }
  }

  private acknowledged({ queue, batch }: Parcel): void {
    queue.acknowledged(batch)
    this.recordsAcked += batch.count
    this.accumulator.release(batch)
    batch.latches.forEach((latch) => latch.countDown())
    this.resendLater(queue)
    if (this.accumulator.bufferedBytes > 0) return
    this.expiry.cancel()
    this.nextRound.cancel()
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
    this.backOff(queue, this.scheduler.now(), error)
    this.resend(queue)
    if (refresh) this.lookForLeader(queue, leader)
  }

  private resendLater(queue: PartitionQueue): void {
    if (this.failure === undefined && queue.waiting !== undefined) this.accumulator.pending.add(queue)
  }

  private backOff(queue: PartitionQueue, now: number, error: KafkaError): void {
    this.lastTrouble = error
    queue.troubles++
    queue.retryAt = now + exponentialBackoff(this.connections.config, queue.troubles)
    const level = queue.troubles === patience ? 'warn' : 'debug'
    this.connections.config.logger?.[level](
      `retry ${queue.troubles} of ${queue.topic}-${queue.partition}: ${error.message}`,
    )
    this.nextRound.ringAt(queue.retryAt)
  }

  /** A new leader is tried at once. */
  private lookForLeader(
    queue: PartitionQueue,
    former: { readonly nodeId: number; readonly leaderEpoch: number } | undefined,
  ): void {
    const { topic, partition } = queue
    this.connections.refreshMetadata([topic]).then(
      () => {
        const leader = this.connections.leaderOf(topic, partition)
        if (leader === undefined) return
        if (leader.nodeId === former?.nodeId && leader.leaderEpoch === former.leaderEpoch) return
        queue.retryAt = -Infinity
        this.wake()
      },
      () => {
        // The back-off ends in a retry, and that in the next look.
      },
    )
  }

  private expire(): void {
    const { deliveryTimeoutMs } = this.config
    const candidates = [
      ...this.accumulator.queues.flatMap(({ topic, partition, unacknowledged: [first] }) =>
        first === undefined ? [] : [{ topic, partition, since: first.createdAt }],
      ),
      ...this.accumulator.unknownTopics.map(({ topic, held }) => ({
        topic,
        partition: undefined,
        since: held[0]!.appendedAt,
      })),
    ].sort((a, b) => a.since - b.since)
    const [oldest] = candidates
    if (oldest === undefined) return
    const dueAt = oldest.since + deliveryTimeoutMs
    if (dueAt > this.scheduler.now()) return this.expiry.ringAt(dueAt)
    this.fail(
      deliveryTimeout(
        oldest.topic,
        oldest.partition,
        deliveryTimeoutMs,
        this.lastTrouble ?? this.discovery.lastTrouble,
      ),
    )
  }
}

/** NETWORK_EXCEPTION stands in for a partition that the answer leaves out. */
const unanswered = 13

/** From this retry on, several seconds in, people should hear of it. */
const patience = 8
