import type { SchedulerLike } from 'rxjs'
import type { MetricGroup } from '../metrics/MetricGroup.js'
import type { SaslConfig } from '../sasl/mechanisms.js'
import type { IsolationLevel } from './IsolationLevel.js'

/** A broker to ask first. */
export interface BrokerAddress {
  /** a name or an IP address */
  readonly host: string
  /** 1 to 65,535 */
  readonly port: number
}

/** TLS as node:tls takes it. */
export interface TlsConfig {
  /** certificates of authorities in PEM; default: those that Node trusts */
  readonly ca?: string | readonly string[] | undefined
  /** the certificate of this client in PEM, for brokers that ask for one */
  readonly cert?: string | undefined
  /** the private key of `cert` in PEM */
  readonly key?: string | undefined
  /** of `key`, where it is encrypted */
  readonly passphrase?: string | undefined
  /** the name that the certificate of the broker must have; default: the host that is connected to */
  readonly servername?: string | undefined
  /** the oldest version that is spoken; default: Node's */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** the newest version that is spoken; default: Node's */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Set to believe any host name. */
  readonly checkServerIdentity?: (() => undefined) | undefined
  /** false: a certificate that cannot be verified is accepted; default true */
  readonly rejectUnauthorized?: boolean | undefined
}

export type { SaslConfig } from '../sasl/mechanisms.js'

/** Where a client says what a user should know. Anything with these four methods (console, pino, winston). */
export interface Logger {
  /** What only someone who searches for a fault wants to know. */
  debug(message: string, facts?: object): void
  /** What happens now and then, and is in order. */
  info(message: string, facts?: object): void
  /** What is no error, and may need someone to look. */
  warn(message: string, facts?: object): void
  /** What went wrong. */
  error(message: string, facts?: object): void
}

/** What a client needs to connect: typed, neutral, decoded from Kafka's properties by `lib/config`. Times in ms. */
export interface KafkaConfig {
  /** `bootstrap.servers`: the brokers to ask first */
  readonly bootstrapServers: readonly BrokerAddress[]
  /** `client.id`, by which brokers and their logs know the client; default `rx-kafka` */
  readonly clientId: string
  /** undefined: connections are not encrypted */
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
  /** `request.timeout.ms`: how long an answer is waited for; default 30,000 */
  readonly requestTimeoutMs: number
  /** `retry.backoff.ms`: before a request is sent again, at first; default 100 */
  readonly retryBackoffMs: number
  /** `retry.backoff.max.ms`: what that grows to; default 1,000 */
  readonly retryBackoffMaxMs: number
  /** `metadata.max.age.ms`: how old what is known of topics and leaders may be; default 300,000 */
  readonly metadataMaxAgeMs: number
  /**
   * the most bytes that an answer of a broker may have, refused by its head; `fetch.max.bytes` is allowed in any case. Default: 16 MiB,
   * and 100,000,000 for a fetch
   */
  readonly maxResponseBytes?: number | undefined
  /** `client.rack`: where the client is; followers there may be read (KIP-392) */
  readonly rack?: string | undefined
  /** default: warnings and errors on the console */
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
  /** `isolation.level`; default `read_uncommitted` */
  readonly isolationLevel: IsolationLevel
  /** `fetch.min.bytes`: a broker answers when there is so much, or `maxWaitMs` are over; default 1 */
  readonly minBytes: number
  /** `fetch.max.bytes`: of one answer, over all partitions; default 52,428,800 */
  readonly maxBytes: number
  /** `max.partition.fetch.bytes`: of one partition in an answer; default 524,288 */
  readonly maxPartitionBytes: number
  /** `fetch.max.wait.ms`; default 500 */
  readonly maxWaitMs: number
  /** `check.crcs`: batches are held against their checksums; default true */
  readonly checkCrcs: boolean
  /** the most bytes that compressed batches may have become at one time, over all partitions; default 256 MiB */
  readonly maxDecompressedBytes?: number | undefined
}

/**
 * `compression.type`. `snappy` and `lz4` need the packages snappy and lz4-napi; `zstd` needs @toondepauw/node-zstd where Node has no
 * zstd.
 */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** How a producer writes. Names follow Kafka's producer properties; sizes in bytes, times in ms. */
export interface ProducerConfig {
  /** `acks`: -1 (default) all replicas in sync, 1 the leader, 0 nobody */
  readonly acks: -1 | 0 | 1
  /** `batch.size`: of a batch of one partition; default 262,144 */
  readonly batchSize: number
  /** `linger.ms`: how long a batch waits for more records; default 5 */
  readonly lingerMs: number
  /** `buffer.memory`: of all batches that are not acknowledged; default 33,554,432 */
  readonly bufferMemory: number
  /** `max.in.flight.requests.per.connection`; default 5 */
  readonly maxInFlight: number
  /** `max.request.size`: of a request, and so of a record; default 1,048,576 */
  readonly maxRequestSize: number
  /** `compression.type`; default `none` */
  readonly compression: CompressionType
  /** `compression.<type>.level`; default: that of the codec */
  readonly compressionLevel?: number | undefined
  /** `partitioner.ignore.keys`: only a record's own partition decides, never its key; default false */
  readonly ignoreKeys?: boolean | undefined
  /**
   * `partitioner.adaptive.partitioning.enable`: of records without key and partition, a slow broker gets fewer; false: each partition gets as
   * many; default true
   */
  readonly adaptivePartitioning?: boolean | undefined
  /** `retries`: how often a batch is sent again; default 2,147,483,647 */
  readonly retries: number
  /** how long a topic that is not known may be waited for */
  readonly maxBlockMs: number
  /** `delivery.timeout.ms`: from `append` to success or error; default 120,000 */
  readonly deliveryTimeoutMs: number
  /** `enable.idempotence`: no batch is written twice, nor out of order; default true where `acks`, `retries` and `maxInFlight` allow it */
  readonly idempotence: boolean
  /** transactional producers only */
  readonly transactionTimeoutMs: number
}
