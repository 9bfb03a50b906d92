import type { ResumedTransaction } from '../../client/KafkaProducer.js'
import { toItsEnd } from '../../scheduling/toItsEnd.js'
import type { ProducerCluster } from './ProducerCluster.js'
import { TransactionCoordinator } from './TransactionCoordinator.js'

/**
 * A transaction that was prepared elsewhere, ended with the producer id and epoch it was written under.
 *
 * What the broker answers a commit (EndTxn version 1, Kafka 4.2): success if it was prepared or is committed already;
 * `TransactionLost` if it was aborted (INVALID_TXN_STATE), if it expired or a newer producer has taken over
 * (INVALID_PRODUCER_EPOCH stands for both), or if its producer id is forgotten (INVALID_PRODUCER_ID_MAPPING). That is final.
 * CONCURRENT_TRANSACTIONS, coordinator moves and lost connections are retried up to `request.timeout.ms`, and are retriable after
 * that.
 */
export const resumeTransaction = (
  cluster: ProducerCluster,
  transactionalId: string,
  producerId: bigint,
  epoch: number,
): ResumedTransaction => {
  const coordinator = new TransactionCoordinator(cluster, transactionalId)
  const end = (committed: boolean) =>
    toItsEnd(() => coordinator.end({ producerId, epoch }, committed), cluster.scheduler)
  return { commit: () => end(true), abort: () => end(false) }
}
