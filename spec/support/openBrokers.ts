import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import { KafkaJsBrokers } from '../../lib/kafkajs/KafkaJsBrokers.js'
import { Troubles } from '../../lib/standstill/Troubles.js'

/** The brokers of a real cluster as a client reaches them, for single requests. They say nothing of what cannot be reached. */
export const openBrokers = (config: KafkaConfig): KafkaJsBrokers => {
  const unreachable = new Troubles({ after: Infinity }, undefined, () => 0)
  return new KafkaJsBrokers(config, () => unreachable)
}
