import * as either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { FetcherConfig, KafkaConfig, SaslConfig } from '../client/KafkaConfig.js'
import { clientProps, decodeClientConfig } from './clientConfig.js'
import type { ConfigError } from './ConfigError.js'
import type { KafkaProperties } from './KafkaProperties.js'
import {
  boolean,
  decodeProperties,
  integer,
  kafkaString,
  MAX_STRING_BYTES,
  optional,
  withDefault,
  word,
} from './propertyCodecs.js'
import { type KnownProperties, propertyWarnings } from './propertyWarnings.js'
import { unusedClientProperties } from './unusedClientProperties.js'
import { because } from './unusedProperties.js'
import { allOf } from './validation.js'

const MAX_INT = 2 ** 31 - 1

/**
 * Kafka's and Flink's defaults, but for one: `max.partition.fetch.bytes` is 512 KiB instead of 1 MiB, which reads as fast or
 * faster and halves what a split may hold in memory.
 */
const codec = t.type({
  'client.rack': optional(kafkaString()),
  'group.id': optional(kafkaString()),
  'isolation.level': withDefault(word('read_uncommitted', 'read_committed'), 'read_uncommitted'),
  'fetch.min.bytes': withDefault(integer(0), 1),
  'fetch.max.bytes': withDefault(integer(1), 52_428_800),
  'max.partition.fetch.bytes': withDefault(integer(1), 524_288),
  'fetch.max.wait.ms': withDefault(integer(0), 500),
  'check.crcs': withDefault(boolean, true),
  // ours
  'fetch.max.decompressed.bytes': withDefault(integer(1), 256 * 1024 * 1024),
  'max.poll.records': withDefault(integer(1), 500),
  'enable.auto.commit': withDefault(boolean, false),
  'auto.commit.interval.ms': withDefault(integer(1), 5000),
  // Flink's own, KafkaSourceOptions
  'client.id.prefix': optional(kafkaString(MAX_STRING_BYTES - '-2147483647'.length)),
  'partition.discovery.interval.ms': withDefault(integer(-MAX_INT), 300_000),
  'commit.offsets.on.checkpoint': withDefault(boolean, true),
  'register.consumer.metrics': withDefault(boolean, true),
})

/** What the builder decides in their place; it warns when it overrides them, as Flink's does. */
const decided = { 'auto.offset.reset': word('earliest', 'latest', 'none') }

/** Everything that is known of the properties of a source. */
export const consumerProperties: KnownProperties = {
  used: { ...clientProps, ...codec.props, ...decided },
  unused: {
    ...unusedClientProperties,
    ...because(
      'the source joins no group: partitions are assigned by splitOwner',
      'group.instance.id',
      'group.protocol',
      'group.remote.assignor',
      'heartbeat.interval.ms',
      'max.poll.interval.ms',
      'partition.assignment.strategy',
      'session.timeout.ms',
    ),
    ...because('the deserializer of the builder decides', 'key.deserializer', 'value.deserializer'),
    ...because('a source never creates topics', 'allow.auto.create.topics'),
    ...because('a pattern never matches internal topics; setTopics reads them', 'exclude.internal.topics'),
    ...because(
      'request.timeout.ms bounds each request, and retries go on while they can help',
      'default.api.timeout.ms',
    ),
    ...because('there are no share groups', 'share.acknowledgement.mode', 'share.acquire.mode'),
  },
}

/** How a source reads: typed, decoded from Kafka's consumer properties and Flink's own. Times in ms. */
export interface ConsumerConfig {
  /** how to connect */
  readonly client: KafkaConfig
  /** how to fetch */
  readonly fetcher: FetcherConfig
  /** `group.id`: where offsets are committed to; undefined: nowhere */
  readonly groupId: string | undefined
  /** records in a batch of the stream, over all splits of a subtask */
  readonly maxPollRecords: number
  /** `enable.auto.commit`: offsets are committed without checkpoints, too; default false */
  readonly enableAutoCommit: boolean
  /** `auto.commit.interval.ms`; default 5,000 */
  readonly autoCommitIntervalMs: number
  /** `client.id.prefix`: client ids are `<prefix>-<subtask>`; default: the builder makes one */
  readonly clientIdPrefix: string | undefined
  /** 0 or less: discover once */
  readonly partitionDiscoveryIntervalMs: number
  /** `commit.offsets.on.checkpoint`: offsets are committed with each completed checkpoint; default true */
  readonly commitOffsetsOnCheckpoint: boolean
  /** `register.consumer.metrics`: Kafka's own metrics are registered; default true */
  readonly registerConsumerMetrics: boolean
  /** what is no error and still worth a warning: properties without effect */
  readonly warnings: readonly string[]
}

/**
 * Decodes consumer properties, over the given defaults; all faults at once.
 *
 * @param sasl a login in the place of `sasl.jaas.config`: by a token, or by a mechanism of your own
 *
 * @example
 * ```ts
 * const decoded = decodeConsumerConfig({ 'bootstrap.servers': 'localhost:9092', 'fetch.min.bytes': 'many' })
 * if (isLeft(decoded)) console.log(decoded.left.map(({ key }) => key)) // ['fetch.min.bytes']
 * ```
 */
export const decodeConsumerConfig = (
  properties: KafkaProperties,
  defaults: KafkaProperties = {},
  sasl?: SaslConfig,
): either.Either<readonly ConfigError[], ConsumerConfig> => {
  const all = { ...defaults, ...properties }
  return pipe(
    allOf({ client: decodeClientConfig(all, sasl), consumer: decodeProperties(codec, all) }),
    either.map(({ client, consumer }) => ({
      client: { ...client, rack: consumer['client.rack'] },
      fetcher: {
        isolationLevel: consumer['isolation.level'],
        minBytes: consumer['fetch.min.bytes'],
        maxBytes: consumer['fetch.max.bytes'],
        maxPartitionBytes: consumer['max.partition.fetch.bytes'],
        maxWaitMs: consumer['fetch.max.wait.ms'],
        checkCrcs: consumer['check.crcs'],
        maxDecompressedBytes: consumer['fetch.max.decompressed.bytes'],
      },
      groupId: consumer['group.id'],
      maxPollRecords: consumer['max.poll.records'],
      enableAutoCommit: consumer['enable.auto.commit'],
      autoCommitIntervalMs: consumer['auto.commit.interval.ms'],
      clientIdPrefix: consumer['client.id.prefix'],
      partitionDiscoveryIntervalMs: consumer['partition.discovery.interval.ms'],
      commitOffsetsOnCheckpoint: consumer['commit.offsets.on.checkpoint'],
      registerConsumerMetrics: consumer['register.consumer.metrics'],
      warnings: propertyWarnings(properties, consumerProperties),
    })),
  )
}
