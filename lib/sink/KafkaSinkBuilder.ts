import * as either from 'fp-ts/lib/Either.js'
import { argument, type ArgumentKind, aString, havingMethods, oneOf } from '../checks/argument.js'
import type { Logger, SaslConfig } from '../client/KafkaConfig.js'
import { type ConfigError, configError, InvalidConfigError } from '../config/ConfigError.js'
import type { KafkaProperties, KafkaPropertyValue } from '../config/KafkaProperties.js'
import { MAX_STRING_BYTES } from '../config/propertyCodecs.js'
import { decodeProducerConfig } from '../config/producerConfig.js'
import { randomClientId } from '../config/randomClientId.js'
import { DeliveryGuarantee } from './DeliveryGuarantee.js'
import type { KafkaSink } from './KafkaSink.js'
import type {
  CommitLostPolicy,
  KafkaSinkConfig,
  PrefixInUsePolicy,
  UnknownTransactionPolicy,
} from './KafkaSinkConfig.js'
import type { KafkaRecordSerializer } from './serializer/KafkaRecordSerializer.js'
import { TransactionNamingStrategy } from './transaction/strategy/TransactionNamingStrategy.js'

/** In UTF-8 bytes: Kafka's limit for a transactional id, less room for the subtask and the number behind the prefix. */
const MAX_PREFIX_BYTES = MAX_STRING_BYTES - '-2147483647-9007199254740991'.length

/**
 * Collects the settings of a {@link KafkaSink}. Required: bootstrap servers, a record serializer, and with EXACTLY_ONCE a
 * transactional id prefix. Setters may be chained or called as statements; the last call wins. Messages are Flink's.
 *
 * @example
 * ```ts
 * const sink = KafkaSink.builder<string>()
 *   .setBootstrapServers('localhost:9092')
 *   .setKafkaProducerConfig({ 'linger.ms': 20, 'compression.type': 'gzip' })
 *   .setRecordSerializer({ serialize: (value) => ({ topic: 'out', value }) })
 *   .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
 *   .build()
 * console.log(sink.config.producer.lingerMs) // 20
 * ```
 */
export class KafkaSinkBuilder<T> {
  /** Private to JavaScript too: a builder that is printed shows no password. */
  #properties: KafkaProperties = {}
  #sasl: SaslConfig | undefined
  private recordSerializer: KafkaRecordSerializer<T> | undefined
  private deliveryGuarantee: DeliveryGuarantee = DeliveryGuarantee.NONE
  private transactionalIdPrefix: string | undefined
  private transactionNamingStrategy: TransactionNamingStrategy = TransactionNamingStrategy.INCREMENTING
  private commitLostPolicy: CommitLostPolicy = 'fail'
  private unknownTransactionPolicy: UnknownTransactionPolicy = 'fail'
  private prefixInUsePolicy: PrefixInUsePolicy = 'fail'
  private logging: { readonly logger?: Logger } = {}

  constructor(private readonly make: (config: KafkaSinkConfig<T>) => KafkaSink<T>) {}

  /** `bootstrap.servers`: `host:port`, divided by commas. */
  setBootstrapServers(bootstrapServers: string): this {
    return this.setProperty('bootstrap.servers', bootstrapServers)
  }

  /** Makes the records to write. Required. */
  setRecordSerializer(recordSerializer: KafkaRecordSerializer<T>): this {
    this.recordSerializer = required('recordSerializer', recordSerializer, havingMethods('serialize'))
    return this
  }

  /** What is lost or doubled by a failure: see {@link DeliveryGuarantee}. Default NONE. */
  setDeliveryGuarantee(deliveryGuarantee: DeliveryGuarantee): this {
    this.deliveryGuarantee = required(
      'deliveryGuarantee',
      deliveryGuarantee,
      oneOf(...Object.values(DeliveryGuarantee)),
    )
    return this
  }

  /** Must be unique among all applications on the cluster: two with the same one fence each other. At most 32,739 bytes in UTF-8. */
  setTransactionalIdPrefix(prefix: string): this {
    if (Buffer.byteLength(required('transactionalIdPrefix', prefix, aString)) > MAX_PREFIX_BYTES) {
      throw new RangeError(
        "The configured prefix is too long and the resulting transactionalIdPrefix might exceed Kafka's transactionalIdPrefix size.",
      )
    }
    this.transactionalIdPrefix = prefix
    return this
  }

  /** How transactional ids are made from the prefix: see {@link TransactionNamingStrategy}. Default INCREMENTING. */
  setTransactionNamingStrategy(strategy: TransactionNamingStrategy): this {
    required('transactionNamingStrategy must not be null', strategy)
    this.transactionNamingStrategy = argument(
      'transactionNamingStrategy',
      strategy,
      oneOf(...Object.values(TransactionNamingStrategy)),
    )
    return this
  }

  /** What to do about a transaction that can no longer be committed. Default `fail`; `warn` logs, tells `lost` and goes on. */
  setCommitLostPolicy(policy: CommitLostPolicy): this {
    this.commitLostPolicy = required('commitLostPolicy', policy, oneOf('fail', 'warn'))
    return this
  }

  /**
   * What to make of a prepared transaction that the brokers have forgotten (`transactional.id.expiration.ms` after its last use), and
   * of which the checkpoint store does not say that it was committed. Default `fail`: see in the topic whether its records are
   * there, and say `assumeCommitted` or `assumeLost`.
   */
  setUnknownTransactionPolicy(policy: UnknownTransactionPolicy): this {
    this.unknownTransactionPolicy = required(
      'unknownTransactionPolicy',
      policy,
      oneOf('fail', 'assumeCommitted', 'assumeLost'),
    )
    return this
  }

  /**
   * What to do at a start when somebody else has used this sink's transactional ids since the last attempt in the checkpoint store:
   * another job with the same prefix, or this one while its store was put back to an older copy. Default `fail`; `takeOver` warns and
   * takes the ids over.
   */
  setPrefixInUsePolicy(policy: PrefixInUsePolicy): this {
    this.prefixInUsePolicy = required('prefixInUsePolicy', policy, oneOf('fail', 'takeOver'))
    return this
  }

  /** Several producer properties; they are merged with those set before. */
  setKafkaProducerConfig(properties: KafkaProperties): this {
    for (const [key, value] of Object.entries(required('properties', properties))) this.setProperty(key, value)
    return this
  }

  /** A property of Kafka's producer, under Kafka's name. */
  setProperty(key: string, value: KafkaPropertyValue): this {
    this.#properties = { ...this.#properties, [required('key', key, aString)]: required(key, value) }
    return this
  }

  /**
   * How to log in, where `sasl.jaas.config` cannot say it: by a token, or by a mechanism of your own (`{ mechanism, authenticate }`, see
   * {@link SaslMechanism}). It takes the place of `sasl.mechanism` and `sasl.jaas.config`; `security.protocol` must be SASL_SSL or
   * SASL_PLAINTEXT.
   *
   * @example
   * ```ts
   * KafkaSink.builder<string>()
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
    this.logging = { logger: required('logger', logger, havingMethods('debug', 'info', 'warn', 'error')) }
    return this
  }

  /** Throws one {@link InvalidConfigError} with all faults. */
  build(): KafkaSink<T> {
    const built = this.buildEither()
    if (built._tag === 'Left') throw new InvalidConfigError(built.left)
    return built.right
  }

  /** The sink, or all faults as values. */
  buildEither(): either.Either<readonly ConfigError[], KafkaSink<T>> {
    const { recordSerializer, transactionalIdPrefix, transactionNamingStrategy, deliveryGuarantee } = this
    const clientId =
      transactionalIdPrefix === undefined ? randomClientId('KafkaSink') : `KafkaSink-${transactionalIdPrefix}`
    const decoded = decodeProducerConfig(this.#properties, { 'client.id': clientId }, this.#sasl)
    const missing = this.missing()
    const invalid =
      decoded._tag === 'Left' ? decoded.left.filter(({ key }) => missing.every((one) => one.key !== key)) : []
    const faults = [...missing, ...invalid]
    if (faults.length > 0 || decoded._tag === 'Left' || recordSerializer === undefined) return either.left(faults)
    const { producer, registerProducerMetrics, warnings } = decoded.right
    const client = { ...decoded.right.client, ...this.logging }
    for (const warning of warnings) client.logger?.warn(warning)
    return either.right(
      this.make({
        client,
        producer,
        registerProducerMetrics,
        recordSerializer,
        deliveryGuarantee,
        transactionalIdPrefix,
        transactionNamingStrategy,
        commitLostPolicy: this.commitLostPolicy,
        unknownTransactionPolicy: this.unknownTransactionPolicy,
        prefixInUsePolicy: this.prefixInUsePolicy,
      }),
    )
  }

  private missing(): readonly ConfigError[] {
    const exactlyOnce = this.deliveryGuarantee === DeliveryGuarantee.EXACTLY_ONCE
    return [
      ...(this.#properties['bootstrap.servers'] === undefined
        ? [configError('bootstrap.servers', noBootstrapServers)]
        : []),
      ...(this.recordSerializer === undefined ? [configError('recordSerializer', noSerializer)] : []),
      ...(exactlyOnce && this.transactionalIdPrefix === undefined
        ? [configError('transactionalIdPrefix', noPrefix)]
        : []),
    ]
  }
}

/** Flink says the names alone; what begins with them says what to do, too. */
const noBootstrapServers =
  'bootstrapServers is required but not provided: call setBootstrapServers("host:9092"), or set the property bootstrap.servers.'

const noSerializer =
  'recordSerializer is required but not provided: call setRecordSerializer(KafkaRecordSerializationSchema.builder()….build()).'

const noPrefix =
  'EXACTLY_ONCE delivery guarantee requires a transactionalIdPrefix to be set to provide unique transaction names across multiple KafkaSinks writing to the same Kafka cluster.'

/** What is missing is told as Flink tells it, by its name alone. */
const required = <V>(name: string, value: V, kind?: ArgumentKind): V => {
  if (value === null || value === undefined) throw new TypeError(name)
  return kind === undefined ? value : argument(name, value, kind)
}
