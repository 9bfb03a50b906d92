import { asyncScheduler, defer, type Observable, type SchedulerLike, Subject } from 'rxjs'
import type { ConsumerRecord } from '../client/ConsumerRecord.js'
import type { Headers } from '../client/Headers.js'
import type { IsolationLevel } from '../client/IsolationLevel.js'
import type { ConnectKafka, KafkaClient } from '../client/KafkaClient.js'
import type { KafkaConfig } from '../client/KafkaConfig.js'
import type { Offset, OffsetsByPartition } from '../client/Offset.js'
import { Cluster } from '../cluster/Cluster.js'
import { openClient } from '../cluster/openClient.js'
import { partitionOfKey } from '../client/murmur2.js'
import type { ProducerRecord } from '../client/ProducerRecord.js'
import { TopicPartition } from '../client/TopicPartition.js'
import { type Fault, type FaultPlan, Faults, type MemoryCall } from './Fault.js'
import type { UnplacedRecord } from './LogBatch.js'
import { MemoryBrokers } from './MemoryBrokers.js'
import { MemoryCluster } from './MemoryCluster.js'
import { MemoryConnection } from './MemoryConnection.js'
import type { MemoryTransaction } from './MemoryTransactions.js'
import { RecordArena } from './RecordArena.js'

/** What the cluster is made of; all of it may be left out. */
export interface MemoryKafkaOptions {
  /** The clock of the cluster, and of clients that bring none. Give a TestScheduler for virtual time. */
  readonly scheduler?: SchedulerLike | undefined
  /** How many brokers; their ids are 1, 2, … Default 1. Partition p is led by the p-th, and so on in turn. */
  readonly brokers?: number | undefined
  /** Topics to begin with: name → number of partitions. */
  readonly topics?: Readonly<Record<string, number>> | undefined
  /** ms from a client's call to its effect and answer. 0: the next turn. */
  readonly latencyMs?: number | undefined
  /**
   * By Kafka's names: `auto.create.topics.enable` (true), `num.partitions` (1), `transaction.max.timeout.ms` (900000),
   * `transaction.abort.timed.out.transaction.cleanup.interval.ms` (0: an expired transaction is aborted at once),
   * `transactional.id.expiration.ms` (604800000).
   */
  readonly brokerConfig?: Readonly<Record<string, string>> | undefined
}

/** A record for assertions: bytes as UTF-8. */
export interface MemoryRecord {
  /** the topic it was read from */
  readonly topic: string
  /** counted from 0 */
  readonly partition: number
  /** its place in the partition; transaction markers take offsets too, so there may be gaps */
  readonly offset: Offset
  /** ms since the epoch, by the scheduler of the cluster unless the producer set it */
  readonly timestamp: number
  /** null when it has none */
  readonly key: string | null
  /** null for a tombstone */
  readonly value: string | null
  /** their values are bytes, unlike key and value */
  readonly headers: Headers
}

/** A call of a client, at the moment before its effect, or between effect and answer. */
export interface ObservedCall extends MemoryCall {
  /** `before` its effect, or `after` it and before its answer */
  readonly moment: 'before' | 'after'
}

/**
 * Kafka in memory: a cluster without network or disk.
 *
 * It keeps what matters of the real one: offsets taken by transaction markers, the last stable offset, read_committed,
 * producer ids, epochs and fencing, transaction timeouts, group offsets, compaction holes, retention. It outlives its
 * clients, acts only through its scheduler, and can be told to fail.
 *
 * @example
 * ```ts
 * const kafka = new MemoryKafka({ topics: { flights: 4 } })
 * kafka.produce('flights', [{ key: 'AMS', value: 'departed' }])
 * source.records({ connect: kafka.connect }).subscribe(console.log)
 * ```
 */
export class MemoryKafka {
  /** All that clients do, twice each: so a spec can crash before any effect, and between any effect and its answer. */
  readonly calls$: Observable<ObservedCall>
  private readonly calls = new Subject<ObservedCall>()
  private readonly scheduler: SchedulerLike
  private readonly latencyMs: number
  private readonly cluster: MemoryCluster
  private readonly faults = new Faults()
  private readonly arena = new RecordArena()
  private readonly connections = new Set<MemoryConnection>()

  constructor({
    scheduler = asyncScheduler,
    brokers,
    topics = {},
    latencyMs = 0,
    brokerConfig,
  }: MemoryKafkaOptions = {}) {
    this.scheduler = scheduler
    this.latencyMs = latencyMs
    this.calls$ = this.calls.asObservable()
    this.cluster = new MemoryCluster({ scheduler, brokers, brokerConfig, fault: (call) => this.faults.next(call) })
    for (const [topic, partitions] of Object.entries(topics)) this.createTopic(topic, partitions)
  }

  /** Opens a client, whatever the bootstrap servers are. Bound: pass it as the `connect` option. */
  readonly connect: ConnectKafka = (config: KafkaConfig): Observable<KafkaClient> =>
    defer(() => {
      const connection = new MemoryConnection(config, {
        latencyMs: this.latencyMs,
        scheduler: this.scheduler,
        fault: (call) => this.faults.next(call),
        observe: (call, moment) => this.calls.next({ ...call, moment }),
      })
      for (const former of this.connections) if (!former.isOpen) this.connections.delete(former)
      this.connections.add(connection)
      const { process: scheduler } = connection
      const cluster = new Cluster(new MemoryBrokers(this.cluster, connection), { ...config, scheduler })
      return openClient(cluster)
    })

  // What a spec prepares

  /**
   * Creates it at once. `config` by Kafka's names: `max.message.bytes` and `message.timestamp.type` have an effect.
   *
   * @throws KafkaError TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS or INVALID_TOPIC_EXCEPTION
   */
  createTopic(topic: string, partitions: number, config?: Readonly<Record<string, string>>): void {
    this.cluster.createTopic(topic, partitions, config)
  }

  /**
   * Deletes it at once, with its records and the offsets that groups have committed. Created again, it has another topic id.
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION
   */
  deleteTopic(topic: string): void {
    this.cluster.deleteTopic(topic)
  }

  /** Raises the number of partitions to `total`. */
  createPartitions(topic: string, total: number): void {
    this.cluster.createPartitions(topic, total)
  }

  /** Writes at once, outside of transactions, as one batch per partition. Without partition and key: partition 0. */
  produce(topic: string, records: readonly Omit<ProducerRecord, 'topic'>[]): void {
    const partitions = this.cluster.logs(topic).length
    const batches = new Map<number, UnplacedRecord[]>()
    for (const record of records) {
      const { key } = record
      const keyed = key === undefined || key === null ? 0 : partitionOfKey(Buffer.from(key as Uint8Array), partitions)
      const partition = record.partition ?? keyed
      const batch = batches.get(partition) ?? []
      batches.set(partition, batch)
      batch.push(this.arena.copy({ topic, ...record }, this.cluster.now()))
    }
    batches.forEach((batch, partition) => this.cluster.produce(new TopicPartition(topic, partition), batch, null))
  }

  /** Commits offsets of a group, as a tool would. */
  commitOffsets(groupId: string, offsets: readonly (readonly [TopicPartition, Offset])[]): void {
    for (const error of this.cluster.commitOffsets(groupId, offsets).values()) throw error
  }

  /** DeleteRecords: what lies before `offset` is gone, as after retention. */
  deleteRecords(topic: string, partition: number, offset: Offset): void {
    this.cluster.log('DeleteRecords', new TopicPartition(topic, partition)).deleteBefore(offset)
  }

  /** Log compaction of a partition, at once: keeps the last record of each key and leaves holes. */
  compact(topic: string, partition: number): void {
    this.cluster.log('Fetch', new TopicPartition(topic, partition)).compact()
  }

  // What a spec reads

  /** What a reader of this isolation level sees now, by partition and offset. */
  records(topic: string, isolationLevel: IsolationLevel = 'read_committed'): readonly MemoryRecord[] {
    return this.cluster.logs(topic).flatMap((log) => log.records(isolationLevel).map(toMemoryRecord))
  }

  /** By partition number: where a reader of this isolation level ends. */
  endOffsets(topic: string, isolationLevel: IsolationLevel = 'read_uncommitted'): readonly Offset[] {
    return this.cluster.logs(topic).map((log) => log.endFor(isolationLevel))
  }

  /** Keyed by `topic-partition`. */
  committedOffsets(groupId: string): OffsetsByPartition {
    return new Map(this.cluster.committedOffsets(groupId))
  }

  /** All transactional ids that were ever used, with the state of their last transaction. */
  transactions(): readonly MemoryTransaction[] {
    return this.cluster.listTransactions()
  }

  // What goes wrong

  /**
   * Plans a fault for calls to come. Returns the way to take it back.
   *
   * @example
   * ```ts
   * kafka.inject({ api: 'EndTxn', nth: 3 }, Fault.loseAnswer())
   * kafka.inject({ api: 'Fetch', topic: 'flights', partition: 0, times: Infinity }, Fault.delay(500))
   * ```
   */
  inject(plan: FaultPlan, fault: Fault): () => void {
    return this.faults.add(plan, fault)
  }

  /**
   * The partition gets another leader, the next broker unless one is given: its records carry a new epoch from now on.
   * For `unavailableMs` there is none, and who reads or writes gets NOT_LEADER_OR_FOLLOWER, which is retried.
   */
  moveLeader(
    topic: string,
    partition: number,
    { unavailableMs = 0, to }: { readonly unavailableMs?: number; readonly to?: number } = {},
  ): void {
    const log = this.cluster.log('Fetch', new TopicPartition(topic, partition))
    log.nextLeader(to ?? (log.leader % this.cluster.brokers.length) + 1)
    if (unavailableMs <= 0) return
    log.available = false
    this.scheduler.schedule(() => {
      log.available = true
      log.changed()
    }, unavailableMs)
  }

  /**
   * An unclean election: the new leader has nothing from `offset` on (whole batches), so records are gone that may have been
   * read. Readers that have read them get `LogTruncated`.
   */
  truncate(topic: string, partition: number, offset: Offset): void {
    this.cluster.log('Fetch', new TopicPartition(topic, partition)).truncate(offset)
  }

  /**
   * Cuts off all clients there are, or those of one client id, as `kill -9` of their process does: from now on nothing that
   * they do has an effect, no answer comes, and no timer of theirs is left. What they left open stays open: transactions
   * until their timeout or the next InitProducerId. Clients that connect later are not concerned.
   */
  cut(clientId?: string): void {
    for (const connection of this.connections) {
      if (!connection.isOpen || (clientId !== undefined && connection.config.clientId !== clientId)) continue
      connection.cut()
      this.connections.delete(connection)
    }
  }
}

const toMemoryRecord = (record: ConsumerRecord): MemoryRecord => ({
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  timestamp: record.timestamp,
  key: record.key?.toString() ?? null,
  value: record.value?.toString() ?? null,
  headers: record.headers,
})
