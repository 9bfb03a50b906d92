import type { KafkaConfig, ProducerConfig } from '../client/KafkaConfig.js'
import type { DeliveryGuarantee } from './DeliveryGuarantee.js'
import type { KafkaRecordSerializer } from './serializer/KafkaRecordSerializer.js'
import type { TransactionNamingStrategy } from './transaction/TransactionNamingStrategy.js'

/** What to do when a prepared transaction turns out to be aborted or expired: its records will never be visible. */
export type CommitLostPolicy = 'fail' | 'warn'

/** All settings of a sink, checked. */
export interface KafkaSinkConfig<T> {
  readonly client: KafkaConfig
  readonly producer: ProducerConfig
  readonly recordSerializer: KafkaRecordSerializer<T>
  readonly deliveryGuarantee: DeliveryGuarantee
  readonly transactionalIdPrefix: string | undefined
  readonly transactionNamingStrategy: TransactionNamingStrategy
  readonly commitLostPolicy: CommitLostPolicy
}
