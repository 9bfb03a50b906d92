import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { KafkaConfig, ProducerConfig, SaslConfig } from '../client/KafkaConfig.js'
import { clientProps, decodeClientConfig } from './clientConfig.js'
import { type ConfigError, configError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'
import { boolean, decodeProperties, integer, oneOf, optional, withDefault, word } from './propertyCodecs.js'
import { type KnownProperties, propertyWarnings } from './propertyWarnings.js'
import { unusedClientProperties } from './unusedClientProperties.js'
import { because } from './unusedProperties.js'
import { allOf } from './validation.js'

/** As Kafka's `GzipCompression` has them: -1 is the default; 0, no compression, is not among them. */
const gzipLevels = Object.fromEntries([-1, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => [String(level), level]))

/**
 * Kafka's defaults, but for two: `batch.size` is 256 KiB instead of 16 KiB, which writes 100-byte records more than twice as fast,
 * and `transaction.timeout.ms` is 900,000, the most that brokers accept by default.
 */
const codec = t.type({
  acks: withDefault(oneOf<-1 | 0 | 1>({ all: -1, '-1': -1, '0': 0, '1': 1 }), -1),
  'batch.size': withDefault(integer(1), 262_144),
  'linger.ms': withDefault(integer(0), 5),
  'buffer.memory': withDefault(integer(1, Number.MAX_SAFE_INTEGER), 33_554_432),
  'max.in.flight.requests.per.connection': withDefault(integer(1), 5),
  'max.request.size': withDefault(integer(1), 1_048_576),
  'compression.type': withDefault(word('none', 'gzip', 'snappy', 'lz4', 'zstd'), 'none'),
  'compression.gzip.level': optional(oneOf<number>(gzipLevels)),
  'compression.lz4.level': optional(integer(1, 17)),
  'compression.zstd.level': optional(integer(-131_072, 22)),
  'max.block.ms': withDefault(integer(0), 60_000),
  retries: withDefault(integer(0), 2_147_483_647),
  'partitioner.ignore.keys': withDefault(boolean, false),
  'partitioner.adaptive.partitioning.enable': withDefault(boolean, true),
  'delivery.timeout.ms': withDefault(integer(1), 120_000),
  'enable.idempotence': optional(boolean),
  'transaction.timeout.ms': withDefault(integer(1), 900_000),
  // Flink's own
  'register.producer.metrics': withDefault(boolean, true),
})

/** Everything that is known of the properties of a sink. */
export const producerProperties: KnownProperties = {
  used: { ...clientProps, ...codec.props },
  unused: {
    ...unusedClientProperties,
    ...because('the record serializer of the builder decides', 'key.serializer', 'value.serializer'),
    ...because(
      'the partitioner of the record serializer decides; without one, the key does, as in Kafka',
      'partitioner.class',
    ),
    ...because(
      'a broker that does not answer has batches waiting, so it gets no more (partitioner.adaptive.partitioning.enable)',
      'partitioner.availability.timeout.ms',
    ),
    ...because('setTransactionalIdPrefix names transactions', 'transactional.id'),
    ...because(
      'checkpoints prepare transactions, and resume them after a crash',
      'transaction.two.phase.commit.enable',
    ),
    ...because('what is known of a topic is kept as long as the client', 'metadata.max.idle.ms'),
  },
}

/** How a sink writes: typed, decoded from Kafka's producer properties. */
export interface DecodedProducerConfig {
  /** how to connect */
  readonly client: KafkaConfig
  /** how to write */
  readonly producer: ProducerConfig
  /** `register.producer.metrics`: Kafka's own metrics are registered; default true */
  readonly registerProducerMetrics: boolean
  /** what is no error and still worth a warning: properties without effect */
  readonly warnings: readonly string[]
}

/**
 * Decodes producer properties, over the given defaults; all faults at once.
 *
 * @param sasl a login in the place of `sasl.jaas.config`: by a token, or by a mechanism of your own
 *
 * @example
 * ```ts
 * const decoded = decodeProducerConfig({ 'bootstrap.servers': 'localhost:9092', 'linger.ms': '20' })
 * if (isRight(decoded)) console.log(decoded.right.producer.lingerMs) // 20
 * ```
 */
export const decodeProducerConfig = (
  properties: KafkaProperties,
  defaults: KafkaProperties = {},
  sasl?: SaslConfig,
): either.Either<readonly ConfigError[], DecodedProducerConfig> => {
  const all = { ...defaults, ...properties }
  return pipe(
    allOf({
      client: decodeClientConfig(all, sasl),
      decoded: pipe(decodeProperties(codec, all), either.chain(toProducerConfig)),
    }),
    either.map(({ client, decoded: { producer, registerProducerMetrics } }) => ({
      client,
      producer,
      registerProducerMetrics,
      warnings: [
        ...propertyWarnings(properties, producerProperties),
        ...(producer.compression === 'lz4' && producer.compressionLevel !== undefined ? [lz4HasOneLevel] : []),
      ],
    })),
  )
}

const lz4HasOneLevel =
  'Property compression.lz4.level has no effect: the package lz4-napi knows the fast level only. Use zstd to compress more.'

/** Of the codec that is used (KIP-390); what is set for others waits for them. */
const compressionLevel = (properties: t.TypeOf<typeof codec>): number | undefined =>
  ({
    none: undefined,
    gzip: properties['compression.gzip.level'],
    snappy: undefined,
    lz4: properties['compression.lz4.level'],
    zstd: properties['compression.zstd.level'],
  })[properties['compression.type']]

/** Idempotence as in Kafka: on unless what it needs was set otherwise; asked for by name, what it needs must not be. */
const toProducerConfig = (
  properties: t.TypeOf<typeof codec>,
): either.Either<readonly ConfigError[], Pick<DecodedProducerConfig, 'producer' | 'registerProducerMetrics'>> => {
  const asked = properties['enable.idempotence']
  const inFlight = properties['max.in.flight.requests.per.connection']
  const conflicts = [
    ...(properties.acks === -1
      ? []
      : [configError('acks', 'Property acks must be all with enable.idempotence=true.', properties.acks)]),
    ...(inFlight <= 5 ? [] : [configError('max.in.flight.requests.per.connection', tooManyInFlight, inFlight)]),
  ]
  if (asked === true && conflicts.length > 0) return either.left(conflicts)
  const producer: ProducerConfig = {
    acks: properties.acks,
    batchSize: properties['batch.size'],
    lingerMs: properties['linger.ms'],
    bufferMemory: properties['buffer.memory'],
    maxInFlight: inFlight,
    maxRequestSize: properties['max.request.size'],
    compression: properties['compression.type'],
    compressionLevel: compressionLevel(properties),
    ignoreKeys: properties['partitioner.ignore.keys'],
    adaptivePartitioning: properties['partitioner.adaptive.partitioning.enable'],
    retries: properties.retries,
    maxBlockMs: properties['max.block.ms'],
    deliveryTimeoutMs: properties['delivery.timeout.ms'],
    idempotence: asked !== false && conflicts.length === 0,
    transactionTimeoutMs: properties['transaction.timeout.ms'],
  }
  return either.right({ producer, registerProducerMetrics: properties['register.producer.metrics'] })
}

const tooManyInFlight =
  'Property max.in.flight.requests.per.connection must be at most 5 with enable.idempotence=true: the broker remembers five batches.'
