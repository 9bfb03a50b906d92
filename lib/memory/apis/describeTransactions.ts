import { ErrorCodes } from '../../protocol/errorCodes.js'
import type {
  DescribedTransaction,
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/requests/describeTransactions.js'
import { describeTransactionsApi } from '../../protocol/requests/describeTransactions.js'
import type { TransactionDescription } from '../../client/TransactionDescription.js'
import type { Answer } from './Answer.js'

/**
 * DescribeTransactions, version 0 (KIP-664): only reads. An id that was never used, or is forgotten, is TRANSACTIONAL_ID_NOT_FOUND (105).
 * What brokers say in each state: `lib/protocol/requests/describeTransactions.ts`.
 */
export const describeTransactions: Answer<DescribeTransactionsRequest, DescribeTransactionsResponse> = {
  api: describeTransactionsApi,
  respond: (cluster, { transactionalIds }) => {
    const known = cluster.describeTransactions(transactionalIds)
    return {
      throttleTimeMs: 0,
      transactions: transactionalIds.map((id) => describe(id, known.get(id))),
    }
  },
}

const describe = (transactionalId: string, known: TransactionDescription | undefined): DescribedTransaction =>
  known === undefined
    ? { ...notFound, transactionalId }
    : {
        errorCode: 0,
        transactionalId,
        state: known.state,
        timeoutMs: known.timeoutMs,
        startTimeMs: known.startTime ?? -1,
        producerId: known.producerId,
        producerEpoch: known.epoch,
        partitions: known.partitions.map(({ topic, partition }) => ({ topic, partition })),
      }

const notFound = {
  errorCode: ErrorCodes.TRANSACTIONAL_ID_NOT_FOUND,
  state: '',
  timeoutMs: 0,
  startTimeMs: -1,
  producerId: -1n,
  producerEpoch: -1,
  partitions: [],
}
