import type { SchedulerLike } from 'rxjs'
import type { MetricGroup } from '../metrics/MetricGroup.js'
import type { SaslConfig } from '../sasl/mechanisms.js'
import type { IsolationLevel } from './IsolationLevel.js'

/** A broker to ask first. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** TLS as node:tls takes it. */
export interface TlsConfig {
  readonly ca?: string | readonly string[] | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly passphrase?: string | undefined
  readonly servername?: string | undefined
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Set to believe any host name. */
  readonly checkServerIdentity?: (() => undefined) | undefined
  readonly rejectUnauthorized?: boolean | undefined
}

export type { SaslConfig } from '../sasl/mechanisms.js'

/** Where a client says what a user should know. Anything with these four methods (console, pino, winston). */
export interface Logger {
  debug(message: string, facts?: object): void
  info(message: string, facts?: object): void
  warn(message: string, facts?: object): void
  error(message: string, facts?: object): void
}

/** What a client needs to connect: typed, neutral, decoded from Kafka's properties by `lib/config`. Times in ms. */
export interface KafkaConfig {
  readonly bootstrapServers: readonly BrokerAddress[]
  readonly clientId: string
  readonly tls?: TlsConfig | undefined
  /** how to log in; undefined: not at all */
  readonly sasl?: SaslConfig | undefined
  /** for the first attempt to connect, from the socket to the login; grows with each that fails */
  readonly connectionTimeoutMs: number
  /** default 30,000 */
  readonly connectionTimeoutMaxMs?: number | undefined
  /** before a lost connection is made again; default 50 */
  readonly reconnectBackoffMs?: number | undefined
  /** what that grows to; default 1000 */
  readonly reconnectBackoffMaxMs?: number | undefined
  readonly requestTimeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly metadataMaxAgeMs: number
  /**
   * the most bytes that an answer of a broker may have, refused by its head; `fetch.max.bytes` is allowed in any case. Default: 16 MiB,
   * and 100,000,000 for a fetch
   */
  readonly maxResponseBytes?: number | undefined
  readonly rack?: string | undefined
  readonly logger?: Logger | undefined
  /**
   * Times back-offs, retries, lingers and the wait for the cluster at the start; default: `asyncScheduler`. Give the one of a test for
   * virtual time. Sockets keep the time of the machine: connection set-up, `request.timeout.ms` of one request, reconnect back-off.
   */
  readonly scheduler?: SchedulerLike | undefined
  /** Where the client registers what it measures of connections, requests and fetches, under Kafka's own names. */
  readonly metrics?: MetricGroup | undefined
}

/** How a fetcher reads. Names follow Kafka's consumer properties; sizes in bytes, times in ms. */
export interface FetcherConfig {
  readonly isolationLevel: IsolationLevel
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
  readonly maxWaitMs: number
  readonly checkCrcs: boolean
  /** the most bytes that compressed batches may have become at one time, over all partitions; default 256 MiB */
  readonly maxDecompressedBytes?: number | undefined
}

export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** How a producer writes. Names follow Kafka's producer properties; sizes in bytes, times in ms. */
export interface ProducerConfig {
  readonly acks: -1 | 0 | 1
  readonly batchSize: number
  readonly lingerMs: number
  readonly bufferMemory: number
  readonly maxInFlight: number
  readonly maxRequestSize: number
  readonly compression: CompressionType
  readonly compressionLevel?: number | undefined
  readonly retries: number
  /** how long a topic that is not known may be waited for */
  readonly maxBlockMs: number
  readonly deliveryTimeoutMs: number
  readonly idempotence: boolean
  /** transactional producers only */
  readonly transactionTimeoutMs: number
}
