import type { BrokerAddress, KafkaConfig } from '../../../lib/client/KafkaConfig.js'

/** How the contract of brokers reaches them. */
export const brokersConfig = (bootstrapServers: readonly BrokerAddress[]): KafkaConfig => ({
  bootstrapServers,
  clientId: 'brokers',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  retryBackoffMs: 20,
  retryBackoffMaxMs: 500,
  metadataMaxAgeMs: 300_000,
})
