import { firstValueFrom } from 'rxjs'
import type { KafkaClient } from '../../lib/client/KafkaClient.js'
import type { KafkaProperties } from '../../lib/config/KafkaProperties.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'
import { connectKafkaJs } from '../../lib/kafkajs/connectKafkaJs.js'

/** A client of the real cluster for what a spec prepares and asks. */
export const openClient = (bootstrapServers: string, properties: KafkaProperties = {}): Promise<KafkaClient> => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers, ...properties })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join('\n'))
  return firstValueFrom(connectKafkaJs(decoded.right.client))
}
