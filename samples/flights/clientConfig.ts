import { decodeProducerConfig } from '../../lib/index.js'

const decode = (bootstrapServers: string) => {
  const decoded = decodeProducerConfig({ 'bootstrap.servers': bootstrapServers })
  if (decoded._tag === 'Left') throw new Error(decoded.left.map(({ message }) => message).join('\n'))
  return decoded.right
}

/** Defaults, as a sink has them. */
export const clientConfig = (bootstrapServers: string) => decode(bootstrapServers).client
export const producerConfig = (bootstrapServers: string) => decode(bootstrapServers).producer
