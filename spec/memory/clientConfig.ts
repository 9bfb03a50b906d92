import type { FetcherConfig, KafkaConfig, ProducerConfig } from '../../lib/client/KafkaConfig.js'

/** Configurations as Kafka's defaults have them, for specs. */
export const kafkaConfig = (config: Partial<KafkaConfig> = {}): KafkaConfig => ({
  bootstrapServers: [{ host: '127.0.0.1', port: 9092 }],
  clientId: 'spec',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1000,
  metadataMaxAgeMs: 300_000,
  ...config,
})

export const fetcherConfig = (config: Partial<FetcherConfig> = {}): FetcherConfig => ({
  isolationLevel: 'read_uncommitted',
  minBytes: 1,
  maxBytes: 52_428_800,
  maxPartitionBytes: 1_048_576,
  maxWaitMs: 500,
  checkCrcs: true,
  ...config,
})

export const producerConfig = (config: Partial<ProducerConfig> = {}): ProducerConfig => ({
  acks: -1,
  batchSize: 16_384,
  lingerMs: 0,
  bufferMemory: 33_554_432,
  maxInFlight: 5,
  maxRequestSize: 1_048_576,
  compression: 'none',
  retries: 2_147_483_647,
  deliveryTimeoutMs: 120_000,
  idempotence: true,
  transactionTimeoutMs: 60_000,
  ...config,
})
