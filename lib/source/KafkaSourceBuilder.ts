import * as either from 'fp-ts/lib/Either.js'
import {
  aFunction,
  argument,
  aString,
  either as eitherOf,
  havingMethods,
  oneOf,
  orNothing,
} from '../checks/argument.js'
import type { Logger, SaslConfig } from '../client/KafkaConfig.js'
import { OffsetResetStrategy } from '../client/OffsetResetStrategy.js'
import type { DeserializationSchema } from '../client/schema/DeserializationSchema.js'
import type { DeserializerClass } from '../client/schema/Deserializer.js'
import { type ConfigError, configError, InvalidConfigError } from '../config/ConfigError.js'
import { decodeConsumerConfig } from '../config/consumerConfig.js'
import type { KafkaProperties, KafkaPropertyValue } from '../config/KafkaProperties.js'
import { Boundedness } from './Boundedness.js'
import { KafkaRecordDeserializationSchema } from './deserializer/KafkaRecordDeserializationSchema.js'
import type { KafkaSource } from './KafkaSource.js'
import type {
  DeserializationErrorPolicy,
  KafkaSourceConfig,
  OffsetOutOfRangePolicy,
  RecreatedTopicPolicy,
  RemovedPartitionsPolicy,
} from './KafkaSourceConfig.js'
import { OffsetsInitializer } from './offsets/OffsetsInitializer.js'
import { effectiveProperties } from './effectiveProperties.js'
import type { KafkaSubscriber } from './subscriber/KafkaSubscriber.js'
import { partitionSet } from './subscriber/partitionSet.js'
import { topicList } from './subscriber/topicList.js'
import { topicPattern } from './subscriber/topicPattern.js'
import { memberOf } from '../checks/memberOf.js'

/**
 * Flink's `KafkaSourceBuilder`: the same setters, messages and defaults. Chained or as statements; `build()` reports all faults at
 * once, only a second way to subscribe is refused at its setter.
 *
 * Required: bootstrap servers, one way to subscribe, a deserializer.
 *
 * @example
 * ```ts
 * const source = KafkaSource.builder()
 *   .setBootstrapServers('localhost:9092')
 *   .setGroupId('delays')
 *   .setTopics('flights')
 *   .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
 *   .setValueOnlyDeserializer(new JsonSchema(t.type({ origin: t.string, delay: t.number })))
 *   .setProperty('isolation.level', 'read_committed')
 *   .build()
 * ```
 */
export class KafkaSourceBuilder<T> {
  /** Private to JavaScript too: a builder that is printed shows no password. */
  #properties: KafkaProperties = {}
  #sasl: SaslConfig | undefined
  private subscriber: KafkaSubscriber | undefined
  private startingOffsets = OffsetsInitializer.earliest()
  private stoppingOffsets: OffsetsInitializer | undefined
  private boundedness: Boundedness = Boundedness.CONTINUOUS_UNBOUNDED
  private deserializer: KafkaRecordDeserializationSchema<T> | undefined
  private rackIdSupplier: KafkaSourceConfig<T>['rackIdSupplier']
  private deserializationErrorPolicy: DeserializationErrorPolicy = 'fail'
  private removedPartitionsPolicy: RemovedPartitionsPolicy = 'keep'
  private recreatedTopicPolicy: RecreatedTopicPolicy = 'fail'
  private offsetOutOfRangePolicy: OffsetOutOfRangePolicy | undefined
  private logging: { readonly logger?: Logger } = {}

  /** @param make what `build()` returns; `KafkaSource.builder()` gives it */
  constructor(private readonly make: (config: KafkaSourceConfig<T>) => KafkaSource<T>) {}

  /** `host:port`, divided by commas. */
  setBootstrapServers(servers: string): this {
    return this.setProperty('bootstrap.servers', servers)
  }

  /** Offsets are committed to this group, and read from it by `OffsetsInitializer.committedOffsets`. The source does not join it. */
  setGroupId(groupId: string): this {
    return this.setProperty('group.id', groupId)
  }

  /** Reads all partitions of these topics. */
  setTopics(...topics: readonly string[] | readonly [readonly string[]]): this {
    return this.subscribe('topics', topicList(topics.flat().map((topic) => argument('topic', topic, aString))))
  }

  /** Reads the topics whose whole name matches, those created later too. */
  setTopicPattern(pattern: RegExp): this {
    return this.subscribe('topic pattern', topicPattern(pattern))
  }

  /** Reads just these partitions. */
  setPartitions(partitions: Iterable<{ readonly topic: string; readonly partition: number }>): this {
    return this.subscribe('partitions', partitionSet(partitions))
  }

  /** Your own choice of partitions. */
  setKafkaSubscriber(subscriber: KafkaSubscriber): this {
    return this.subscribe('custom', argument('kafkaSubscriber', subscriber, havingMethods('partitions')))
  }

  /** Where splits start that no checkpoint knows; `earliest()` by default. */
  setStartingOffsets(startingOffsets: OffsetsInitializer): this {
    this.startingOffsets = argument('startingOffsets', startingOffsets, anInitializer)
    return this
  }

  /** The source ends when all splits have reached these offsets; partitions that come later are not read. */
  setBounded(stoppingOffsets: OffsetsInitializer): this {
    this.boundedness = Boundedness.BOUNDED
    this.stoppingOffsets = argument('stoppingOffsets', stoppingOffsets, orNothing(anInitializer))
    return this
  }

  /**
   * The same, but partitions that come while it runs are read too: those that come before the logs of all partitions have come to
   * their stops, whichever subtask reads them. A subtask that has read its own to their stops, or has none, waits until then, and
   * looks at the others' logs each second. Without discovery of partitions none can come, and each subtask ends by itself. Without an
   * argument, as by default, it never ends.
   */
  setUnbounded(stoppingOffsets?: OffsetsInitializer): this {
    this.boundedness = Boundedness.CONTINUOUS_UNBOUNDED
    this.stoppingOffsets = argument('stoppingOffsets', stoppingOffsets, orNothing(anInitializer))
    return this
  }

  /** From whole records to values. */
  setDeserializer<U extends T>(deserializer: KafkaRecordDeserializationSchema<U>): KafkaSourceBuilder<U> {
    const builder = this as unknown as KafkaSourceBuilder<U>
    builder.deserializer = argument('deserializer', deserializer, orNothing(havingMethods('deserialize')))
    return builder
  }

  /** From record values alone, by a schema or a class of Kafka's deserializers. */
  setValueOnlyDeserializer<U extends T>(schema: DeserializationSchema<U>): KafkaSourceBuilder<U>
  setValueOnlyDeserializer<U extends T>(deserializer: DeserializerClass<U>): KafkaSourceBuilder<U | null>
  setValueOnlyDeserializer<U extends T>(
    schema: DeserializationSchema<U> | DeserializerClass<U>,
  ): KafkaSourceBuilder<U> {
    return this.setDeserializer(KafkaRecordDeserializationSchema.valueOnly(schema as DeserializationSchema<U>))
  }

  /** The client id is `<prefix>-<subtask>`; by default the prefix is the group's id or, without one, `KafkaSource-` and a random number. */
  setClientIdPrefix(prefix: string): this {
    return this.setProperty('client.id.prefix', prefix)
  }

  /** Asked when an attempt starts; null and '' say that there is no rack. */
  setRackIdSupplier(rackIdSupplier: () => string | null | undefined): this {
    this.rackIdSupplier = argument('rackIdSupplier', rackIdSupplier, orNothing(aFunction))
    return this
  }

  /** What happens with a record that cannot be deserialized; `fail` by default. */
  setDeserializationErrorPolicy(policy: DeserializationErrorPolicy): this {
    this.deserializationErrorPolicy = argument('policy', policy, anErrorPolicy)
    return this
  }

  /** What happens with partitions whose topic was deleted; `keep` by default. See {@link RemovedPartitionsPolicy}. */
  setRemovedPartitionsPolicy(policy: RemovedPartitionsPolicy): this {
    this.removedPartitionsPolicy = argument('policy', policy, oneOf('keep', 'drop', 'fail'))
    return this
  }

  /** What happens when a topic was deleted and created anew; `fail` by default. See {@link RecreatedTopicPolicy}. */
  setRecreatedTopicPolicy(policy: RecreatedTopicPolicy): this {
    this.recreatedTopicPolicy = argument('policy', policy, oneOf('fail', 'earliest', 'latest'))
    return this
  }

  /**
   * What happens when a position is not in the log. By default `fail`, since its records are lost before they were read; only where
   * reading begins the starting offsets initializer decides, as in Flink.
   */
  setOffsetOutOfRangePolicy(policy: OffsetOutOfRangePolicy): this {
    this.offsetOutOfRangePolicy = argument('policy', policy, oneOf('fail', 'earliest', 'latest'))
    return this
  }

  /** A property of Kafka's consumer or of Flink's source, by its name. */
  setProperty(key: string, value: KafkaPropertyValue): this {
    this.#properties = { ...this.#properties, [argument('key', key, aString)]: required(key, value) }
    return this
  }

  /** Several properties; they are merged with those set before. */
  setProperties(properties: KafkaProperties): this {
    for (const [key, value] of Object.entries(properties)) this.setProperty(key, value)
    return this
  }

  /**
   * How to log in, where `sasl.jaas.config` cannot say it: by a token, or by a mechanism of your own (`{ mechanism, authenticate }`, see
   * {@link SaslMechanism}). It takes the place of `sasl.mechanism` and `sasl.jaas.config`; `security.protocol` must be SASL_SSL or
   * SASL_PLAINTEXT.
   *
   * @example
   * ```ts
   * KafkaSource.builder()
   *   .setProperty('security.protocol', 'SASL_SSL')
   *   .setSasl({ mechanism: 'OAUTHBEARER', token: () => Promise.resolve({ value: 'from your issuer' }) })
   * ```
   */
  setSasl(sasl: SaslConfig): this {
    this.#sasl = sasl
    return this
  }

  /** Where warnings go, of `build()` and while it runs; the console by default. No secret is in them. */
  setLogger(logger: Logger): this {
    this.logging = { logger: argument('logger', logger, havingMethods('debug', 'info', 'warn', 'error')) }
    return this
  }

  /** Throws one {@link InvalidConfigError} with all faults. */
  build(): KafkaSource<T> {
    const built = this.buildEither()
    if (either.isLeft(built)) throw new InvalidConfigError(built.left)
    return built.right
  }

  /** The source, or all faults as values. */
  buildEither(): either.Either<readonly ConfigError[], KafkaSource<T>> {
    const { subscriber, deserializer, startingOffsets, boundedness } = this
    const stoppingOffsets = this.stoppingOffsets ?? undefined
    const { properties, warnings } = effectiveProperties(this.#properties, startingOffsets, boundedness)
    const consumer = decodeConsumerConfig(properties, {}, this.#sasl)
    const faults = [...this.faults(), ...(either.isLeft(consumer) ? consumer.left.filter(isNew(this.#properties)) : [])]
    if (faults.length > 0 || either.isLeft(consumer) || subscriber === undefined || !deserializer)
      return either.left(faults)
    const client = { ...consumer.right.client, ...this.logging }
    for (const warning of [...warnings, ...consumer.right.warnings]) client.logger?.warn(warning)
    return either.right(
      this.make({
        consumer: { ...consumer.right, client },
        subscriber,
        startingOffsets,
        stoppingOffsets,
        boundedness,
        deserializer,
        rackIdSupplier: this.rackIdSupplier,
        deserializationErrorPolicy: this.deserializationErrorPolicy,
        removedPartitionsPolicy: this.removedPartitionsPolicy,
        recreatedTopicPolicy: this.recreatedTopicPolicy,
        startOutOfRangePolicy: this.offsetOutOfRangePolicy ?? policyOf(startingOffsets.autoOffsetResetStrategy),
        offsetOutOfRangePolicy: this.offsetOutOfRangePolicy ?? 'fail',
      }),
    )
  }

  private subscribe(mode: string, subscriber: KafkaSubscriber): this {
    if (this.subscriber !== undefined) {
      const message = `Cannot use ${mode} for consumption because a ${this.subscriber.name} is already set for consumption.`
      throw new InvalidConfigError([configError(mode, message)])
    }
    this.subscriber = subscriber
    return this
  }

  /** In Flink's order, with Flink's messages. */
  private faults(): readonly ConfigError[] {
    const properties = this.#properties
    const missing = (key: string, message: string, there: unknown): readonly ConfigError[] =>
      there === undefined || there === null ? [configError(key, message)] : []
    const commits = ['enable.auto.commit', 'commit.offsets.on.checkpoint'].some(
      (key) => String(properties[key]) === 'true',
    )
    return [
      ...missing(
        'bootstrap.servers',
        'Property bootstrap.servers is required but not provided',
        properties['bootstrap.servers'],
      ),
      ...missing('topics', noSubscribeMode, this.subscriber),
      ...missing('deserializer', 'Deserialization schema is required but not provided.', this.deserializer),
      ...(commits
        ? missing('group.id', 'Property group.id is required when offset commit is enabled', properties['group.id'])
        : []),
      ...(this.startingOffsets.validate?.(properties, 'starting') ?? []),
      ...(this.stoppingOffsets?.validate?.(properties, 'stopping') ?? []),
    ]
  }
}

const anInitializer = havingMethods('getPartitionOffsets')
const anErrorPolicy = eitherOf(oneOf('fail', 'skip'), {
  name: 'deadLetter(pipeline)',
  fits: (given) => memberOf(given, '_tag') === 'DeadLetter',
})

const noSubscribeMode = 'No subscribe mode is specified, should be one of topics, topic pattern and partition set.'

/** A missing bootstrap server has been told already. */
const isNew =
  (properties: KafkaProperties) =>
  ({ key }: ConfigError): boolean =>
    key !== 'bootstrap.servers' || properties[key] !== undefined

const policyOf = (reset: OffsetResetStrategy): OffsetOutOfRangePolicy =>
  reset === OffsetResetStrategy.NONE ? 'fail' : reset

const required = <V>(name: string, value: V): V => {
  if (value === null || value === undefined) throw new TypeError(`${name} must not be ${String(value)}`)
  return value
}
