import type { BrokerAddress, KafkaConfig } from '../client/KafkaConfig.js'
import type { ConnectionOptions } from './internals.js'
import { toKafkaJsLogger } from './toKafkaJsLogger.js'

/**
 * What kafkajs needs for one connection to one broker.
 *
 * Host and port are handed over apart, so IPv6 addresses pass (kafkajs cuts its own broker list at the first colon).
 * Time-outs of requests are kept by {@link BrokerSocket}, since kafkajs leaves a connection open whose answer is overdue.
 * The login is ours too.
 */
export const toKafkaJsConfig = (config: KafkaConfig, { host, port }: BrokerAddress): ConnectionOptions => ({
  host: withoutBrackets(host),
  port,
  clientId: config.clientId,
  ssl: config.tls === undefined ? null : { ...config.tls },
  connectionTimeout: config.connectionTimeoutMs,
  requestTimeout: config.requestTimeoutMs,
  enforceRequestTimeout: false,
  logger: toKafkaJsLogger(config.logger),
})

const withoutBrackets = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
