import type { KafkaConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { DeliveryGuarantee } from './DeliveryGuarantee.js'
import type { KafkaRecordSerializer } from './serializer/KafkaRecordSerializer.js'
import type { TransactionNamingStrategy } from './transaction/strategy/TransactionNamingStrategy.js'

/** What to do when a prepared transaction turns out to be aborted or expired: its records will never be visible. */
export type CommitLostPolicy = 'fail' | 'warn'

/**
 * What to make of a transaction that neither the brokers nor the checkpoint store know anything of any more: `fail`, or go on as if it
 * had been committed, or as if it were lost.
 */
export type UnknownTransactionPolicy = 'fail' | 'assumeCommitted' | 'assumeLost'

/** What to do when somebody else has used the transactional id prefix since the last attempt of this job. */
export type PrefixInUsePolicy = 'fail' | 'takeOver'

/** All settings of a sink, checked. */
export interface KafkaSinkConfig<T> {
  /** how to connect */
  readonly client: KafkaConfig
  /** how to write */
  readonly producer: ProducerConfig
  /** `register.producer.metrics`: Kafka's own metrics are registered; default true */
  readonly registerProducerMetrics: boolean
  /** makes records of values */
  readonly recordSerializer: KafkaRecordSerializer<T>
  /** default `NONE` */
  readonly deliveryGuarantee: DeliveryGuarantee
  /** EXACTLY_ONCE has one */
  readonly transactionalIdPrefix: string | undefined
  /** default `INCREMENTING` */
  readonly transactionNamingStrategy: TransactionNamingStrategy
  /** default `fail` */
  readonly commitLostPolicy: CommitLostPolicy
  /** default `fail` */
  readonly unknownTransactionPolicy: UnknownTransactionPolicy
  /** default `fail` */
  readonly prefixInUsePolicy: PrefixInUsePolicy
}
