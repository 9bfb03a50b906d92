import { TopicPartition } from '../../client/TopicPartition.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/requests/addPartitionsToTxn.js'
import { addPartitionsToTxnApi } from '../../protocol/requests/addPartitionsToTxn.js'
import { aboutPartitions, type Answer, codeOf } from './Answer.js'

/**
 * AddPartitionsToTxn, version 2. All partitions or none: one that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3), and the others
 * OPERATION_NOT_ATTEMPTED (55). What the coordinator refuses, it refuses of each: PRODUCER_FENCED (90), INVALID_PRODUCER_ID_MAPPING (49),
 * CONCURRENT_TRANSACTIONS (51). On a transaction that has ended it begins a new one.
 */
export const addPartitionsToTxn: Answer<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = {
  api: addPartitionsToTxnApi,
  about: ({ transactionalId, partitions }) => ({ transactionalId, ...aboutPartitions(partitions) }),
  respond: (cluster, { transactionalId, producerId, producerEpoch: epoch, partitions }) => {
    const answerAll = (codeFor: (exists: boolean) => number): AddPartitionsToTxnResponse => ({
      throttleTimeMs: 0,
      partitions: partitions.map(({ topic, partition }) => ({
        ...{ topic, partition },
        errorCode: codeFor(cluster.has(new TopicPartition(topic, partition))),
      })),
    })
    const all = partitions.map(({ topic, partition }) => new TopicPartition(topic, partition))
    if (!all.every((each) => cluster.has(each)))
      return answerAll((exists) =>
        exists ? ErrorCodes.OPERATION_NOT_ATTEMPTED : ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      )
    const code = codeOf(() => cluster.addPartitionsToTransaction({ transactionalId, producerId, epoch }, all))
    return answerAll(() => code)
  },
}
