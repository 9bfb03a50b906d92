import type { TransactionDescription } from '../../client/TransactionDescription.js'
import type { PreparedTransaction } from '../../client/KafkaProducer.js'
import type { TransactionStanding } from '../../stream/TwoPhaseCommit.js'

/**
 * What the coordinator's description says of a prepared transaction.
 *
 * - `ending`: the coordinator is about to end it; to be asked again.
 * - `empty`: nothing was opened since this producer was initialised.
 * - `unknown`: the coordinator has forgotten the id (`transactional.id.expiration.ms` after its last use), or is of another cluster.
 */
export type DescribedStanding = TransactionStanding | 'empty' | 'ending' | 'unknown'

/**
 * How a prepared transaction stands. Only the same producer id and epoch are the transaction that was prepared: the broker raises the
 * epoch when it aborts one whose time-out is over, and so does whoever initialises the id anew.
 *
 * It is asked by DescribeTransactions, which changes nothing. (AddPartitionsToTxn would tell as well, but it begins a new transaction
 * where the former one is finished.)
 */
export const standingOf = (
  { producerId, epoch }: Pick<PreparedTransaction, 'producerId' | 'epoch'>,
  described: TransactionDescription | undefined,
): DescribedStanding => {
  if (described === undefined) return 'unknown'
  if (described.producerId !== producerId || described.epoch !== epoch) return 'dead'
  switch (described.state) {
    case 'Ongoing':
      return 'prepared'
    case 'CompleteCommit':
      return 'committed'
    case 'PrepareCommit':
    case 'PrepareAbort':
    case 'PrepareEpochFence':
      return 'ending'
    case 'Empty':
      return 'empty'
    default:
      return 'dead'
  }
}
