import { checkProducerRecord, checkTopicName } from '../../client/checkProducerRecord.js'
import { noHeaders } from '../../client/Headers.js'
import { KafkaError } from '../../client/KafkaError.js'
import type { Bytes, ProducerRecord } from '../../client/ProducerRecord.js'
import { RecordBatchBuilder, recordSizeUpperBound } from '../../protocol/RecordBatchBuilder.js'
import type { MonotonicClock } from '../../scheduling/monotonicClock.js'
import type { AckLatch } from './AckLatch.js'
import type { PartitionQueue } from './PartitionQueue.js'
import { ProducerBatch } from './ProducerBatch.js'
import { splitBatch } from './splitBatch.js'
import { SpareBuilders } from './SpareBuilders.js'
import { TopicQueues } from './TopicQueues.js'

/** Sizes in bytes. */
export interface AccumulatorConfig {
  readonly batchSize: number
  readonly bufferMemory: number
  readonly maxRequestSize: number
  /** batches of a partition that may be on their way at once */
  readonly window: number
  /** as in {@link ProducerConfig} */
  readonly ignoreKeys?: boolean | undefined
  readonly adaptivePartitioning?: boolean | undefined
}

/** See {@link RecordAccumulator.oldest}; without a partition while its topic is unknown. */
export interface WaitingRecord {
  readonly topic: string
  readonly partition?: number
  readonly since: number
  readonly trouble?: KafkaError | undefined
}

/** Who is told what happens in a {@link RecordAccumulator}. */
export interface AccumulatorListener {
  /** How many partitions a topic has; undefined while that is unknown. */
  partitionCount(topic: string): number | undefined
  /** A batch was begun: it will want to be sent. */
  begun(batch: ProducerBatch): void
  /** A batch takes no more records. */
  filled(): void
  /** A record of an unknown topic is held back. */
  held(topic: string): void
}

/**
 * Takes records and groups them into batches by partition.
 *
 * A record's partition is chosen once. It is encoded straight into its batch; nothing is kept of it otherwise, except while
 * its topic is unknown: such records are held, in order, and dealt out by {@link dealOut}.
 */
export class RecordAccumulator {
  /** Partitions with something to send, those that waited longest first. */
  readonly pending = new Set<PartitionQueue>()
  private readonly topics = new Map<string, TopicQueues>()
  private readonly limit: number
  private latest: TopicQueues | undefined
  private buffered = 0

  constructor(
    private readonly config: AccumulatorConfig,
    private readonly listener: AccumulatorListener,
    private readonly clock: MonotonicClock,
    private readonly random: () => number = Math.random,
    private readonly spare = new SpareBuilders(),
  ) {
    this.limit = Math.min(config.batchSize, config.maxRequestSize)
  }

  get hasRoom(): boolean {
    return this.buffered < this.config.bufferMemory
  }

  /** Bytes of records that are not acknowledged. */
  get bufferedBytes(): number {
    return this.buffered
  }

  get queues(): readonly PartitionQueue[] {
    return [...this.topics.values()].flatMap((topic) => topic.all)
  }

  get unknownTopics(): readonly TopicQueues[] {
    return [...this.topics.values()].filter((topic) => topic.held.length > 0)
  }

  /** The record that waits longest for its acknowledgement: since when, by the monotonic clock, and what is in its way. */
  get oldest(): WaitingRecord | undefined {
    const batches = this.queues.flatMap(({ topic, partition, trouble, unacknowledged: [first] }) =>
      first === undefined ? [] : [{ topic, partition, trouble, since: first.createdAt }],
    )
    const held = this.unknownTopics.map(({ topic, held: [first] }) => ({ topic, since: first!.since }))
    return [...batches, ...held].sort((a, b) => a.since - b.since)[0]
  }

  /**
   * @param now ms since the epoch; the record's timestamp if it has none
   * @throws KafkaError `InvalidRecord` or `RecordTooLarge`; the record is not taken
   */
  append(record: ProducerRecord, now: number): void {
    checkProducerRecord(record)
    const topic = this.latest?.topic === record.topic ? this.latest : this.topicOf(record.topic)
    if (topic.isKnown) this.place(topic, record, now)
    else this.hold(topic, record, now)
  }

  /** Places held records of topics that are known by now. */
  dealOut(): void {
    for (const topic of this.unknownTopics) {
      topic.learn(this.listener.partitionCount(topic.topic))
      if (!topic.isKnown) continue
      const { held } = topic
      topic.held = []
      for (const { record, appendedAt, since, bytes } of held) {
        this.buffered -= bytes
        this.place(topic, record, appendedAt, since)
      }
      const batches = topic.all.flatMap((queue) => queue.unacknowledged)
      // Who waits for them wants no lingering, as in `close`.
      if (topic.latches.length > 0) topic.all.forEach((queue) => (queue.open = undefined))
      for (const latch of topic.latches.splice(0)) {
        batches.forEach((batch) => batch.wait(latch))
        latch.arm()
      }
    }
  }

  /** Closes all batches, and lets the latch wait for all that is not acknowledged. */
  close(latch: AckLatch): void {
    for (const topic of this.topics.values()) {
      for (const queue of topic.all) {
        queue.open = undefined
        queue.unacknowledged.forEach((batch) => batch.wait(latch))
      }
      if (topic.held.length === 0) continue
      latch.add()
      topic.latches.push(latch)
    }
  }

  /** Gives the memory of an acknowledged batch back. */
  release(batch: ProducerBatch): void {
    const { builder } = batch
    this.buffered -= builder.size
    if (builder.limit === this.limit && builder.size <= this.limit) this.spare.give(builder, this.config.bufferMemory)
  }

  /** Two batches of half the size in the place of one that the broker found too large. */
  split(queue: PartitionQueue, batch: ProducerBatch): void {
    const parts = splitBatch(batch, queue.topic, queue.partition)
    queue.replace(batch, parts)
    parts.forEach((part) => (this.buffered += part.builder.size))
    this.release(batch)
  }

  /** Gives up all that is not on its way, and tells all who wait for anything. Returns the batches given up. */
  discard(): readonly ProducerBatch[] {
    const batches: ProducerBatch[] = []
    for (const topic of this.topics.values()) {
      topic.held.forEach(({ bytes }) => (this.buffered -= bytes))
      topic.held = []
      topic.latches.splice(0).forEach((latch) => latch.giveUp())
      for (const queue of topic.all) {
        queue.unacknowledged.forEach(({ latches }) => latches.forEach((latch) => latch.giveUp()))
        batches.push(...queue.discard())
      }
    }
    batches.forEach((batch) => this.release(batch))
    this.pending.clear()
    return batches
  }

  private topicOf(name: string): TopicQueues {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      checkTopicName(name)
      topic = new TopicQueues(name, this.config.window, this.random, this.config.adaptivePartitioning)
      topic.learn(this.listener.partitionCount(name))
      this.topics.set(name, topic)
    }
    this.latest = topic
    return topic
  }

  private hold(topic: TopicQueues, record: ProducerRecord, now: number): void {
    const bytes = recordSizeUpperBound(record.key ?? null, record.value, record.headers ?? noHeaders)
    if (bytes > this.config.maxRequestSize) throw this.tooLarge(record, bytes)
    topic.held.push({ record: copied(record), appendedAt: now, since: this.clock(), bytes })
    this.buffered += bytes
    this.listener.held(topic.topic)
  }

  /** @param since when it was appended, by the clock; now, when left out */
  private place(topic: TopicQueues, record: ProducerRecord, now: number, since?: number): void {
    const { partition, key = null } = record
    const deciding = this.config.ignoreKeys === true ? null : key
    let queue =
      partition !== undefined
        ? topic.queueOf(partition)
        : deciding !== null
          ? topic.queueOfKey(deciding)
          : topic.stickyQueue
    if (queue.open !== undefined) {
      if (this.write(queue.open, record, key, now)) return
      queue.open = undefined
      this.listener.filled()
    }
    if (partition === undefined && deciding === null) queue = topic.nextStickyQueue()
    this.begin(topic, queue, record, key, now, since ?? this.clock())
  }

  private begin(
    topic: TopicQueues,
    queue: PartitionQueue,
    record: ProducerRecord,
    key: Bytes,
    now: number,
    since: number,
  ): void {
    topic.learn(this.listener.partitionCount(topic.topic))
    const batch = new ProducerBatch(
      this.spare.take(this.limit) ?? new RecordBatchBuilder(this.limit, this.firstCapacity),
      since,
    )
    this.write(batch, record, key, now)
    if (batch.size > this.config.maxRequestSize) {
      const { size } = batch
      this.release(batch)
      throw this.tooLarge(record, size)
    }
    queue.begin(batch)
    this.pending.add(queue)
    this.listener.begun(batch)
  }

  private write(batch: ProducerBatch, record: ProducerRecord, key: Bytes, now: number): boolean {
    const { builder } = batch
    const before = builder.count === 0 ? 0 : builder.size
    if (!builder.append(key, record.value, record.headers ?? noHeaders, record.timestamp ?? now)) return false
    this.buffered += builder.size - before
    return true
  }

  /** A batch that stays small should not take the memory of a full one; one that is used again has grown already. */
  private get firstCapacity(): number {
    return Math.min(this.limit, 16 * 1024)
  }

  private tooLarge({ topic }: ProducerRecord, bytes: number): KafkaError {
    return new KafkaError({
      _tag: 'RecordTooLarge',
      topic,
      message:
        `A record for ${topic} takes ${bytes} bytes, more than max.request.size (${this.config.maxRequestSize}). ` +
        'It was not taken. Write less in one record, or raise max.request.size and the max.message.bytes of the topic.',
    })
  }
}

/** A record that is encoded later: the caller may use its buffers again. */
const copied = (record: ProducerRecord): ProducerRecord => ({
  ...record,
  key: copyOf(record.key ?? null),
  value: copyOf(record.value),
  headers: record.headers?.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
})

const copyOf = (bytes: Bytes): Bytes => (bytes === null || typeof bytes === 'string' ? bytes : Buffer.from(bytes))
