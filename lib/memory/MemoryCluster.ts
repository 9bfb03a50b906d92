import { first, type SchedulerLike } from 'rxjs'
import type { RefusedOffsets, TopicDescription } from '../client/KafkaAdmin.js'
import type { KafkaError } from '../client/KafkaError.js'
import type { PreparedTransaction } from '../client/KafkaProducer.js'
import type { Offset } from '../client/Offset.js'
import { TopicPartition, topicPartitionKey } from '../client/TopicPartition.js'
import type { TransactionDescription } from '../client/TransactionDescription.js'
import type { Fault, MemoryCall } from './Fault.js'
import type { Incoming } from './LogBatch.js'
import { brokerError } from '../protocol/brokerError.js'
import { ErrorCodes } from '../protocol/errorCodes.js'
import { type MemoryBrokerList, memoryBrokersOf } from './memoryBrokersOf.js'
import { MemoryLog } from './MemoryLog.js'
import type { BatchWriter } from './ProducerStates.js'
import { type MemoryTransaction, MemoryTransactions, type WriteMarker } from './MemoryTransactions.js'

export interface MemoryClusterOptions {
  readonly scheduler: SchedulerLike
  /** how many; default 1 */
  readonly brokers?: number | undefined
  readonly brokerConfig?: Readonly<Record<string, string>> | undefined
  /** what goes wrong among the brokers */
  readonly fault?: (call: MemoryCall) => Fault | undefined
}

interface Topic {
  readonly id: string
  readonly logs: MemoryLog[]
  readonly config: Readonly<Record<string, string>>
}

/** What a cluster keeps for itself; a spec may create them. */
const internalTopics = ['__consumer_offsets', '__transaction_state']

/**
 * The broker's side: topics with their logs, groups with their offsets, the transaction coordinator. Synchronous, and
 * unaware of clients; what it refuses it throws as a broker's error code.
 */
export class MemoryCluster {
  readonly brokerConfig: Readonly<Record<string, string>>
  readonly brokers: MemoryBrokerList
  private readonly scheduler: SchedulerLike
  private readonly topics = new Map<string, Topic>()
  private topicsCreated = 0
  private readonly groups = new Map<string, Map<string, Offset>>()
  private readonly coordinator: MemoryTransactions
  private readonly fault: (call: MemoryCall) => Fault | undefined

  constructor({ scheduler, brokers = 1, brokerConfig, fault = () => undefined }: MemoryClusterOptions) {
    this.scheduler = scheduler
    this.fault = fault
    this.brokers = memoryBrokersOf(brokers)
    this.brokerConfig = { ...defaultBrokerConfig, ...brokerConfig }
    this.coordinator = new MemoryTransactions(
      {
        maxTimeoutMs: Number(this.brokerConfig['transaction.max.timeout.ms']),
        abortTimedOutIntervalMs: Number(
          this.brokerConfig['transaction.abort.timed.out.transaction.cleanup.interval.ms'],
        ),
        idExpirationMs: Number(this.brokerConfig['transactional.id.expiration.ms']),
      },
      (...marker) => this.writeMarker(...marker),
    )
  }

  now(): number {
    return this.scheduler.now()
  }

  // Topics

  createTopic(topic: string, partitions: number, config: Readonly<Record<string, string>> = {}): void {
    if (!isTopicName(topic)) throw brokerError(ErrorCodes.INVALID_TOPIC_EXCEPTION, { api: 'CreateTopics', topic })
    if (this.topics.has(topic)) throw brokerError(ErrorCodes.TOPIC_ALREADY_EXISTS, { api: 'CreateTopics', topic })
    if (partitions < 1) throw brokerError(ErrorCodes.INVALID_PARTITIONS, { api: 'CreateTopics', topic })
    this.topics.set(topic, { id: topicId(++this.topicsCreated), logs: [], config })
    this.grow(topic, partitions)
  }

  deleteTopic(topic: string): void {
    const found = this.topic('DeleteTopics', topic)
    this.topics.delete(topic)
    for (const committed of this.groups.values()) {
      found.logs.forEach((log) => committed.delete(topicPartitionKey(log)))
    }
    found.logs.forEach((log) => log.changed())
  }

  createPartitions(topic: string, total: number): void {
    if (total <= this.topic('CreatePartitions', topic).logs.length) {
      throw brokerError(ErrorCodes.INVALID_PARTITIONS, { api: 'CreatePartitions', topic })
    }
    this.grow(topic, total)
  }

  describeTopics(): readonly TopicDescription[] {
    return [...this.topics].map(([name, { id, logs }]) => ({
      name,
      topicId: id,
      internal: internalTopics.includes(name),
      partitions: logs.map(({ partition, available, leader }) => ({
        partition,
        leader: available ? leader : -1,
        replicas: this.brokers.map(({ nodeId }) => nodeId),
      })),
    }))
  }

  leaderEpochOf(topic: string, partition: number): number {
    return this.topics.get(topic)?.logs[partition]?.leaderEpoch ?? -1
  }

  /** The name of the topic with this id. */
  topicOfId(topicId: string | undefined): string | undefined {
    for (const [name, { id }] of this.topics) if (id === topicId) return name
    return undefined
  }

  /** How many partitions a topic has, or undefined. A producer may let it be created (`auto.create.topics.enable`). */
  partitionCount(topic: string, create = false): number | undefined {
    if (create && !this.topics.has(topic) && this.brokerConfig['auto.create.topics.enable'] === 'true') {
      this.createTopic(topic, Number(this.brokerConfig['num.partitions']))
    }
    return this.topics.get(topic)?.logs.length
  }

  /**
   * @param at the broker that is asked, which must be its leader; default: whichever is
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, or NOT_LEADER_OR_FOLLOWER while its leader moves, and at other brokers
   */
  log(api: string, { topic, partition }: TopicPartition, at?: number): MemoryLog {
    this.expireTransactions()
    const log = this.topic(api, topic).logs[partition]
    if (log === undefined) throw brokerError(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, { api, topic, partition })
    if (!log.available || (at !== undefined && at !== log.leader))
      throw brokerError(ErrorCodes.NOT_LEADER_OR_FOLLOWER, { api, topic, partition })
    return log
  }

  has(topicPartition: TopicPartition): boolean {
    return this.find(topicPartition) !== undefined
  }

  /** The largest batch that a topic takes, bytes: its `max.message.bytes`, or `message.max.bytes` of the broker. */
  maxMessageBytes(topic: string): number {
    return Number(this.topics.get(topic)?.config['max.message.bytes'] ?? this.brokerConfig['message.max.bytes'])
  }

  logs(topic: string): readonly MemoryLog[] {
    this.expireTransactions()
    return this.topic('Fetch', topic).logs
  }

  // Groups

  committedOffsets(groupId: string): ReadonlyMap<string, Offset> {
    return this.groups.get(groupId) ?? new Map()
  }

  /** Commits what exists, and answers with the rest. */
  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): RefusedOffsets {
    const refused = new Map<string, KafkaError>()
    const committed = this.groups.get(groupId) ?? new Map<string, Offset>()
    for (const [topicPartition, offset] of offsets) {
      const { topic, partition } = topicPartition
      const key = topicPartitionKey(topicPartition)
      if (this.find(topicPartition) !== undefined) committed.set(key, offset)
      else
        refused.set(key, brokerError(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, { api: 'OffsetCommit', topic, partition }))
    }
    this.groups.set(groupId, committed)
    return refused
  }

  // Producers

  produce(topicPartition: TopicPartition, records: Incoming, writer: BatchWriter | null, at?: number): Offset {
    return this.log('Produce', topicPartition, at).append(records, writer, this.now())
  }

  produceInTransaction(
    producer: PreparedTransaction,
    topicPartition: TopicPartition,
    records: Incoming,
    writer: BatchWriter,
    at?: number,
  ): Offset {
    const log = this.log('Produce', topicPartition, at)
    this.coordinator.checkOpen(producer, topicPartition)
    return log.append(records, writer, this.now(), true)
  }

  newProducerId(): bigint {
    return this.coordinator.newProducerId()
  }

  initProducerId(transactionalId: string, timeoutMs: number): PreparedTransaction {
    this.expireTransactions()
    return this.coordinator.initProducerId(transactionalId, timeoutMs, this.now())
  }

  addPartitionsToTransaction(producer: PreparedTransaction, partitions: readonly TopicPartition[]): void {
    this.expireTransactions()
    this.coordinator.addPartitions(producer, partitions, this.now())
  }

  endTransaction(producer: PreparedTransaction, marker: 'commit' | 'abort'): void {
    this.expireTransactions()
    this.coordinator.endTransaction(producer, marker, this.now())
  }

  listTransactions(): readonly MemoryTransaction[] {
    this.expireTransactions()
    return this.coordinator.list()
  }

  describeTransactions(transactionalIds: readonly string[]): ReadonlyMap<string, TransactionDescription> {
    this.expireTransactions()
    return this.coordinator.describe(transactionalIds)
  }

  /** ms until the next open transaction expires; Infinity while none is open. */
  get nextExpiryIn(): number {
    return this.coordinator.nextExpiry - this.now()
  }

  /** WriteTxnMarkers, from the coordinator to the leader; one that fails is sent again, as brokers do. */
  private readonly writeMarker: WriteMarker = (topicPartition, producer, marker, written) => {
    const { producerId, epoch, transactionalId } = producer
    const { topic, partition } = topicPartition
    const write = (): void => {
      this.find(topicPartition)?.endTransaction(producerId, epoch, marker, this.now())
      written(this.now())
    }
    const fault = this.fault({ api: 'WriteTxnMarkers', clientId: 'broker', topic, partition, transactionalId })
    switch (fault?._tag) {
      case 'Delay':
        return void this.scheduler.schedule(write, fault.ms)
      case 'Hold':
        return void fault.until.pipe(first(undefined, null)).subscribe(write)
      case 'Fail':
        return void this.scheduler.schedule(
          () => this.writeMarker(topicPartition, producer, marker, written),
          MARKER_RETRY_MS,
        )
      default:
        write()
    }
  }

  private expireTransactions(): void {
    this.coordinator.expire(this.now())
  }

  private topic(api: string, topic: string): Topic {
    const found = this.topics.get(topic)
    if (found === undefined) throw brokerError(ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, { api, topic })
    return found
  }

  private find({ topic, partition }: TopicPartition): MemoryLog | undefined {
    return this.topics.get(topic)?.logs[partition]
  }

  private grow(topic: string, total: number): void {
    const { logs, config } = this.topic('CreatePartitions', topic)
    const timestampType = config['message.timestamp.type'] === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime'
    while (logs.length < total) {
      const { nodeId } = this.brokers[logs.length % this.brokers.length]!
      logs.push(new MemoryLog(topic, logs.length, timestampType, nodeId))
    }
  }
}

/** Whether a topic may have this name. */
export const isTopicName = (name: string): boolean => /^[\w.-]{1,249}$/.test(name)

/** The n-th UUID, as Kafka prints it. */
const topicId = (n: number): string => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(n, 12)
  return bytes.toString('base64url')
}

/** `retry.backoff.ms` among brokers, as it is by default */
const MARKER_RETRY_MS = 100

/** As Kafka's own defaults, but that an expired transaction is aborted at once. */
const defaultBrokerConfig = {
  'auto.create.topics.enable': 'true',
  'num.partitions': '1',
  'transaction.max.timeout.ms': '900000',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '0',
  'transactional.id.expiration.ms': '604800000',
  'message.max.bytes': '1048588',
}
