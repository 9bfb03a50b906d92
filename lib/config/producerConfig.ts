import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { KafkaConfig, Logger, ProducerConfig } from '../client/KafkaConfig.js'
import { readClientConfig } from './clientConfig.js'
import type { ConfigError } from './ConfigError.js'
import { consoleLogger } from './consoleLogger.js'
import type { KafkaProperties } from './KafkaProperties.js'
import { PropertyReader } from './PropertyReader.js'
import { boolean, integer, oneOf } from './propertyCodecs.js'

/** How a sink writes: typed, decoded from Kafka's producer properties. */
export interface DecodedProducerConfig {
  readonly client: KafkaConfig
  readonly producer: ProducerConfig
  /** what was set and has no effect, in words */
  readonly warnings: readonly string[]
}

const acknowledgements = oneOf<-1 | 0 | 1>({ all: -1, '-1': -1, '0': 0, '1': 1 })
const compressions = oneOf({ none: 'none', gzip: 'gzip', snappy: 'snappy', lz4: 'lz4', zstd: 'zstd' } as const)

const bySink = 'the record serializer of the sink makes the bytes.'

/** Why these properties of Kafka's producer do nothing here. */
const meaningless = {
  'key.serializer': bySink,
  'value.serializer': bySink,
  'transactional.id': 'the sink makes ids from setTransactionalIdPrefix.',
  'partitioner.class': 'the record serializer chooses the partition (setPartitioner).',
  'max.block.ms': 'a full buffer holds the source back instead of blocking.',
  'interceptor.classes': 'classes of Java cannot be loaded.',
}

/**
 * Kafka's producer properties as a typed configuration, or all faults at once.
 *
 * Defaults are Kafka's but for two: `batch.size` is 256 KiB (Kafka: 16 KiB), which writes 100-byte records more than twice as fast,
 * and `transaction.timeout.ms` is 900,000, the most that brokers accept by default.
 */
export const decodeProducerConfig = (
  source: KafkaProperties,
  clientId: string,
  logger: Logger = consoleLogger,
): Either<readonly ConfigError[], DecodedProducerConfig> => {
  const properties = new PropertyReader(source)
  const acks = properties.read('acks', acknowledgements, -1)
  const maxInFlight = properties.read('max.in.flight.requests.per.connection', integer(1), 5)
  const producer: ProducerConfig = {
    acks,
    maxInFlight,
    batchSize: properties.read('batch.size', integer(1), 262_144),
    lingerMs: properties.read('linger.ms', integer(0), 5),
    bufferMemory: properties.read('buffer.memory', integer(1), 33_554_432),
    maxRequestSize: properties.read('max.request.size', integer(1), 1_048_576),
    compression: properties.read('compression.type', compressions, 'none'),
    compressionLevel: properties.read('compression.gzip.level', integer(-1, 9), undefined),
    retries: properties.read('retries', integer(0), 2_147_483_647),
    deliveryTimeoutMs: properties.read('delivery.timeout.ms', integer(1), 120_000),
    idempotence: readIdempotence(properties, acks, maxInFlight),
    transactionTimeoutMs: properties.read('transaction.timeout.ms', integer(1), 900_000),
  }
  const client = readClientConfig(properties, clientId, logger)
  return properties.errors.length > 0
    ? left(properties.errors)
    : right({ client, producer, warnings: properties.unread(meaningless) })
}

/** As in Kafka: on, unless what it needs is set otherwise; asked for by name, what it needs must not be. */
const readIdempotence = (properties: PropertyReader, acks: number, maxInFlight: number): boolean => {
  const asked = properties.read('enable.idempotence', boolean, undefined)
  if (asked === true && acks !== -1) properties.fault('acks', 'Property acks must be all with enable.idempotence=true.')
  if (asked === true && maxInFlight > 5) {
    properties.fault(
      'max.in.flight.requests.per.connection',
      'Property max.in.flight.requests.per.connection must be at most 5 with enable.idempotence=true: the broker remembers five batches.',
    )
  }
  return asked !== false && acks === -1 && maxInFlight <= 5
}
