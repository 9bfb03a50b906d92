import { defer } from 'rxjs'
import type { ResumedTransaction } from '../client/KafkaProducer.js'
import type { ProducerConnections } from './producer/ProducerConnections.js'
import { TransactionCoordinator } from './producer/TransactionCoordinator.js'

/**
 * A transaction that was prepared elsewhere, ended with the producer id and epoch it was written under.
 *
 * What the broker answers a commit (EndTxn version 1, Kafka 4.2): success if it was prepared or is committed already;
 * `TransactionLost` if it was aborted (INVALID_TXN_STATE), if it expired or a newer producer has taken over
 * (INVALID_PRODUCER_EPOCH stands for both), or if its producer id is forgotten (INVALID_PRODUCER_ID_MAPPING). That is final. CONCURRENT_TRANSACTIONS, coordinator moves and lost connections are retried up to
 * `request.timeout.ms`, and are retriable after that.
 */
export const resumeTransaction = (
  connections: ProducerConnections,
  transactionalId: string,
  producerId: bigint,
  epoch: number,
): ResumedTransaction => {
  const coordinator = new TransactionCoordinator(connections, transactionalId)
  const end = (committed: boolean) => defer(() => coordinator.end({ producerId, epoch }, committed))
  return { commit: () => end(true), abort: () => end(false) }
}
