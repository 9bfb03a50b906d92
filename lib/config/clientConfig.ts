import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { KafkaConfig, SaslConfig } from '../client/KafkaConfig.js'
import { parseBootstrapServers } from './bootstrapServers.js'
import type { ConfigError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'
import {
  decodeProperties,
  integer,
  kafkaString,
  type DescribedCodec,
  optional,
  string,
  withDefault,
} from './propertyCodecs.js'
import { consoleLogger } from './consoleLogger.js'
import { decodeSecurity, securityCodec } from './security/securityConfig.js'
import { allOf } from './validation.js'

/** Kafka's defaults. */
const codec = t.type({
  'bootstrap.servers': withDefault(string, ''),
  'client.id': withDefault(kafkaString(), 'rx-kafka'),
  'socket.connection.setup.timeout.ms': withDefault(integer(1), 10_000),
  'socket.connection.setup.timeout.max.ms': withDefault(integer(1), 30_000),
  'request.timeout.ms': withDefault(integer(1), 30_000),
  'retry.backoff.ms': withDefault(integer(0), 100),
  'retry.backoff.max.ms': withDefault(integer(0), 1000),
  'reconnect.backoff.ms': withDefault(integer(0), 50),
  'reconnect.backoff.max.ms': withDefault(integer(0), 1000),
  'metadata.max.age.ms': withDefault(integer(0), 300_000),
  // librdkafka's
  'receive.message.max.bytes': optional(integer(1000)),
})

/** The properties that sources and sinks share. */
export const clientProps: Readonly<Record<string, DescribedCodec>> = { ...codec.props, ...securityCodec.props }

/**
 * Where the cluster is, how to reach it and how to log in; all faults at once.
 *
 * @param sasl a login in the place of `sasl.jaas.config`
 */
export const decodeClientConfig = (
  properties: KafkaProperties,
  sasl?: SaslConfig,
): either.Either<readonly ConfigError[], KafkaConfig> =>
  pipe(
    allOf({
      client: decodeProperties(codec, properties),
      bootstrapServers: parseBootstrapServers(String(properties['bootstrap.servers'] ?? '')),
      security: decodeSecurity(properties, sasl),
    }),
    either.map(({ client, bootstrapServers, security }) => ({
      bootstrapServers,
      clientId: client['client.id'],
      tls: security.tls,
      sasl: security.sasl,
      connectionTimeoutMs: client['socket.connection.setup.timeout.ms'],
      connectionTimeoutMaxMs: client['socket.connection.setup.timeout.max.ms'],
      requestTimeoutMs: client['request.timeout.ms'],
      retryBackoffMs: client['retry.backoff.ms'],
      retryBackoffMaxMs: client['retry.backoff.max.ms'],
      reconnectBackoffMs: client['reconnect.backoff.ms'],
      reconnectBackoffMaxMs: client['reconnect.backoff.max.ms'],
      metadataMaxAgeMs: client['metadata.max.age.ms'],
      maxResponseBytes: client['receive.message.max.bytes'],
      logger: consoleLogger,
    })),
  )
