import type { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/requests/initProducerId.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import { type Answer, found } from './Answer.js'

/**
 * InitProducerId, version 1. Without a transactional id: a new producer id of epoch 0. With one: see `MemoryTransactions`; a time-out
 * above `transaction.max.timeout.ms` is INVALID_TRANSACTION_TIMEOUT (50), a transaction that is being ended CONCURRENT_TRANSACTIONS (51).
 */
export const initProducerId: Answer<InitProducerIdRequest, InitProducerIdResponse> = {
  api: initProducerIdApi,
  about: ({ transactionalId }) => (transactionalId === null ? {} : { transactionalId }),
  respond: (cluster, { transactionalId, transactionTimeoutMs }) => {
    const given = found(() =>
      transactionalId === null
        ? { producerId: cluster.newProducerId(), epoch: 0 }
        : cluster.initProducerId(transactionalId, transactionTimeoutMs),
    )
    const { producerId, epoch } = 'value' in given ? given.value : { producerId: -1n, epoch: -1 }
    return { throttleTimeMs: 0, errorCode: given.errorCode, producerId, producerEpoch: epoch }
  },
}
