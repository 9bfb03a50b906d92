import type { BrokerAddress } from '../../../lib/client/KafkaConfig.js'
import { parseBootstrapServers } from '../../../lib/config/bootstrapServers.js'
import type { KafkaCluster } from './startKafka.js'

/** The brokers of a cluster as a client is given them. */
export const addressesOf = ({ bootstrapServers }: Pick<KafkaCluster, 'bootstrapServers'>): readonly BrokerAddress[] => {
  const parsed = parseBootstrapServers(bootstrapServers)
  if (parsed._tag === 'Left') throw new Error(parsed.left.map(({ message }) => message).join('\n'))
  return parsed.right
}
