import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'

/** How the real cluster is reached. */
export const clientConfigOf = (bootstrapServers: string, properties: KafkaProperties = {}): KafkaConfig => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers, ...properties })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join('\n'))
  return decoded.right.client
}

/** A client of the real cluster for what a spec prepares and asks. */
export const openClient = (bootstrapServers: string, properties: KafkaProperties = {}): Promise<KafkaClient> =>
  firstValueFrom(connectKafkaJs(clientConfigOf(bootstrapServers, properties)))
