import type { ProducerConfig } from '../../../lib/client/KafkaConfig.js'

export const producerConfig = (overrides: Partial<ProducerConfig> = {}): ProducerConfig => ({
  acks: -1,
  batchSize: 16_384,
  lingerMs: 0,
  bufferMemory: 32 * 1024 * 1024,
  maxInFlight: 5,
  maxRequestSize: 1_048_576,
  compression: 'none',
  retries: 2_147_483_647,
  maxBlockMs: 60_000,
  deliveryTimeoutMs: 120_000,
  idempotence: true,
  transactionTimeoutMs: 60_000,
  ...overrides,
})
