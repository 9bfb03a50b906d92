import type { Observable } from 'rxjs'
import type { KafkaAdmin } from './KafkaAdmin.js'
import type { FetcherConfig, KafkaConfig, ProducerConfig } from './KafkaConfig.js'
import type { KafkaFetcher } from './KafkaFetcher.js'
import type { KafkaProducer, ResumedTransaction, TransactionalProducer } from './KafkaProducer.js'

/**
 * The client port: all that sources and sinks ask of Kafka. Two adapters fulfil it, `lib/kafkajs` and `lib/memory`, and one
 * contract suite holds both to it (`spec/contract`).
 *
 * It speaks Observable, since promises cannot run in virtual time. Every call acts once per subscription, never emits during
 * `subscribe`, and ends with a value or a {@link KafkaError}. Unsubscribing drops the answer, not the effect.
 */
export interface KafkaClient {
  /** Questions about the cluster, and changes of it. */
  readonly admin: KafkaAdmin
  /** Reads partitions. */
  fetcher(config: FetcherConfig): KafkaFetcher
  /** Writes records, idempotently where `enable.idempotence` says so. */
  producer(config: ProducerConfig): KafkaProducer
  /** Writes records in transactions under this id. */
  transactionalProducer(transactionalId: string, config: ProducerConfig): TransactionalProducer
  /** See {@link ResumedTransaction}. */
  resume(transactionalId: string, producerId: bigint, epoch: number): ResumedTransaction
  /** Closes all that was opened through this client: connections, timers, fetchers, producers. Emits when all are gone. */
  close(): Observable<void>
}

/** Opens a client. Emits once, when the cluster has answered; errors when no bootstrap server can be used. */
export type ConnectKafka = (config: KafkaConfig) => Observable<KafkaClient>
