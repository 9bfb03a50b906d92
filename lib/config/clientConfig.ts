import type { KafkaConfig, Logger } from '../client/KafkaConfig.js'
import { parseBootstrapServers } from './bootstrapServers.js'
import type { PropertyReader } from './PropertyReader.js'
import { integer, text } from './propertyCodecs.js'
import { readSasl, readTls, securityProtocol } from './security.js'

/** The properties that sources and sinks share: where the cluster is, how to reach it, how to log in. Kafka's defaults. */
export const readClientConfig = (properties: PropertyReader, clientId: string, logger: Logger): KafkaConfig => {
  const protocol = properties.read('security.protocol', securityProtocol, { tls: false, sasl: false })
  return {
    bootstrapServers: readBootstrapServers(properties),
    clientId: properties.read('client.id', text, clientId),
    tls: readTls(properties, protocol.tls),
    sasl: readSasl(properties, protocol.sasl),
    connectionTimeoutMs: properties.read('socket.connection.setup.timeout.ms', integer(1), 10_000),
    requestTimeoutMs: properties.read('request.timeout.ms', integer(1), 30_000),
    retryBackoffMs: properties.read('retry.backoff.ms', integer(0), 100),
    retryBackoffMaxMs: properties.read('retry.backoff.max.ms', integer(0), 1000),
    metadataMaxAgeMs: properties.read('metadata.max.age.ms', integer(0), 300_000),
    rack: properties.read('client.rack', text, undefined),
    logger,
  }
}

/** Empty when it is not set, which the builders refuse in Flink's words. */
const readBootstrapServers = (properties: PropertyReader): KafkaConfig['bootstrapServers'] => {
  const servers = properties.read('bootstrap.servers', text, '')
  const addresses = servers === '' ? [] : parseBootstrapServers(servers)
  if (addresses !== undefined) return addresses
  properties.fault(
    'bootstrap.servers',
    `Invalid url in bootstrap.servers: "${servers}". Write host:port,host:port, with an IPv6 host in brackets: [::1]:9092.`,
  )
  return []
}
