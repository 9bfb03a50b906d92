import type { BrokerAddress, KafkaConfig, SaslConfig } from '../client/KafkaConfig.js'
import type { ConnectionOptions, KafkaJsSasl } from './internals.js'
import { toKafkaJsLogger } from './toKafkaJsLogger.js'

/**
 * What kafkajs needs for one connection to one broker.
 *
 * Host and port are handed over apart, so IPv6 addresses pass (kafkajs cuts its own broker list at the first colon).
 * Time-outs of requests are kept by {@link BrokerConnection}, since kafkajs leaves a connection open whose answer is overdue.
 */
export const toKafkaJsConfig = (config: KafkaConfig, { host, port }: BrokerAddress): ConnectionOptions => ({
  host: withoutBrackets(host),
  port,
  clientId: config.clientId,
  ssl: config.tls === undefined ? null : { ...config.tls },
  sasl: config.sasl === undefined ? null : toKafkaJsSasl(config.sasl),
  connectionTimeout: config.connectionTimeoutMs,
  requestTimeout: config.requestTimeoutMs,
  enforceRequestTimeout: false,
  logger: toKafkaJsLogger(config.logger),
})

const withoutBrackets = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host

const toKafkaJsSasl = (sasl: SaslConfig): KafkaJsSasl =>
  sasl.mechanism === 'OAUTHBEARER'
    ? { mechanism: 'oauthbearer', oauthBearerProvider: sasl.token }
    : { mechanism: sasl.mechanism.toLowerCase(), username: sasl.username, password: sasl.password }
