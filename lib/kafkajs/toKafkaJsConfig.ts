import type { BrokerAddress, KafkaConfig, TlsConfig } from '../client/KafkaConfig.js'
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
  ssl: config.tls === undefined ? null : given(config.tls),
  connectionTimeout: config.connectionTimeoutMs,
  requestTimeout: config.requestTimeoutMs,
  enforceRequestTimeout: false,
  logger: toKafkaJsLogger(config.logger),
})

/** What is set: to node:tls an undefined `checkServerIdentity` is one that it calls. */
const given = (tls: TlsConfig): TlsConfig =>
  Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))

const withoutBrackets = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
