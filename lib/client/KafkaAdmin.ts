import type { Observable } from 'rxjs'
import type { ActiveProducersByPartition } from './ActiveProducer.js'
import type { IsolationLevel } from './IsolationLevel.js'
import type { KafkaError } from './KafkaError.js'
import type { Offset, OffsetsByPartition } from './Offset.js'
import type { OffsetSpec } from './OffsetSpec.js'
import type { TopicPartition } from './TopicPartition.js'
import type { TransactionDescription, TransactionState } from './TransactionDescription.js'

/** A partition, as the metadata of the brokers has it. */
export interface PartitionDescription {
  /** its number, from 0 */
  readonly partition: number
  /** broker id; -1 while there is no leader */
  readonly leader: number
  /** ids of the brokers that have it */
  readonly replicas: readonly number[]
}

/** A topic, as the metadata of the brokers has it. */
export interface TopicDescription {
  /** of the topic */
  readonly name: string
  /** what tells it from another one of its name, before it or after it (KIP-516); undefined where topics have none */
  readonly topicId?: string | undefined
  /** one of Kafka's own, such as `__consumer_offsets` */
  readonly internal: boolean
  /** in the order of their numbers */
  readonly partitions: readonly PartitionDescription[]
}

/** A topic to be created. */
export interface NewTopic {
  /** its name */
  readonly topic: string
  /** how many */
  readonly partitions: number
  /** on so many brokers; default: `default.replication.factor` of the brokers */
  readonly replicationFactor?: number | undefined
  /** settings of the topic, by Kafka's names */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/** A transaction as the coordinator lists it. */
export interface TransactionListing {
  /** of the transaction */
  readonly transactionalId: string
  /** that the coordinator has given */
  readonly producerId: bigint
  /** as the coordinator has it */
  readonly state: TransactionState
}

/**
 * Partitions whose offset was not committed, keyed by `topic-partition`, and why. One that is gone from the cluster has the code
 * of `UNKNOWN_TOPIC_OR_PARTITION`, 3.
 */
export type RefusedOffsets = ReadonlyMap<string, KafkaError>

/** Questions about the cluster. Each call acts once per subscription and emits one value. */
export interface KafkaAdmin {
  /** All topics of the cluster that may be described. */
  listTopics(): Observable<readonly TopicDescription[]>
  /** Topics that do not exist are left out of the answer. */
  describeTopics(topics: readonly string[]): Observable<readonly TopicDescription[]>
  /** Emits when the controller has created all. */
  createTopics(topics: readonly NewTopic[]): Observable<void>
  /** Emits when the controller has taken all. */
  deleteTopics(topics: readonly string[]): Observable<void>
  /** Raises the number of partitions of a topic to `total`. */
  createPartitions(topic: string, total: number): Observable<void>
  /**
   * Offsets by specification. `Latest` is the high watermark or, with read_committed, the last stable offset.
   * A partition without a record at or after a timestamp is left out of the answer.
   */
  listOffsets(
    specs: readonly (readonly [TopicPartition, OffsetSpec])[],
    isolationLevel: IsolationLevel,
  ): Observable<OffsetsByPartition>
  /** Partitions for which the group has committed nothing are left out of the answer. */
  committedOffsets(groupId: string, partitions: readonly TopicPartition[]): Observable<OffsetsByPartition>
  /**
   * Commits for a group that has no members. Emits what was refused, which is nothing as a rule: all else is committed. An
   * error says that nothing is known to be committed.
   */
  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): Observable<RefusedOffsets>
  /**
   * Transactions of the cluster in these states (KIP-664), of all if there are none; brokers from 3.0. Those whose id we may
   * not describe are left out.
   *
   * @param producerIds only of these producers; of all by default
   */
  listTransactions(
    states: readonly TransactionState[],
    producerIds?: readonly bigint[],
  ): Observable<readonly TransactionListing[]>
  /**
   * What the coordinators know of these transactional ids, by id (KIP-664). Ids that are not known are left out of the
   * answer: never used, or forgotten after `transactional.id.expiration.ms`.
   *
   * Only reads: it neither begins a transaction nor keeps one from expiring. Describe on the id, which Write implies, is
   * enough. An answer is about one moment: an open transaction may end right after it. One that is past its time-out stays
   * `Ongoing` until the broker next looks for those (`transaction.abort.timed.out.transaction.cleanup.interval.ms`, 10 s).
   *
   * Errors: `Authorization` with the id; `Unsupported` from brokers before 3.0.
   *
   * @example
   * ```ts
   * const isOpen = (admin: KafkaAdmin, id: string) =>
   *   admin.describeTransactions([id]).pipe(map((described) => described.get(id)?.state === 'Ongoing'))
   * ```
   */
  describeTransactions(transactionalIds: readonly string[]): Observable<ReadonlyMap<string, TransactionDescription>>
  /**
   * Who writes to these partitions, by `topic-partition` (KIP-664); brokers from 3.0. Read on the topic is enough. With
   * {@link listTransactions} it tells whose open transaction holds back the last stable offset.
   *
   * A partition without a leader, or that does not exist, is asked about again up to `request.timeout.ms`; then the error names it.
   *
   * @example
   * ```ts
   * const holders = (admin: KafkaAdmin, topicPartition: TopicPartition) =>
   *   admin.describeProducers([topicPartition]).pipe(
   *     map((producers) => producers.get(String(topicPartition)) ?? []),
   *     map((producers) => producers.filter(({ transactionStartOffset }) => transactionStartOffset !== undefined)),
   *   )
   * ```
   */
  describeProducers(topicPartitions: readonly TopicPartition[]): Observable<ActiveProducersByPartition>
  /** A setting of the brokers, e.g. `transaction.max.timeout.ms`; undefined when we may not read it. */
  brokerConfig(name: string): Observable<string | undefined>
}
