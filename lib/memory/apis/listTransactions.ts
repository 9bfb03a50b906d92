import type { ListTransactionsRequest, ListTransactionsResponse } from '../../protocol/requests/listTransactions.js'
import { listTransactionsApi } from '../../protocol/requests/listTransactions.js'
import type { Answer } from './Answer.js'

/** ListTransactions, version 0 (KIP-664): filters by state and producer id, where an empty one lets all pass. */
export const listTransactions: Answer<ListTransactionsRequest, ListTransactionsResponse> = {
  api: listTransactionsApi,
  respond: (cluster, { states, producerIds = [] }) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    unknownStates: [],
    transactions: cluster
      .listTransactions()
      .filter(({ state }) => states.length === 0 || states.includes(state))
      .filter(({ producerId }) => producerIds.length === 0 || producerIds.includes(producerId))
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, state })),
  }),
}
