import type { EndTxnRequest, EndTxnResponse } from '../../protocol/requests/endTxn.js'
import { endTxnApi } from '../../protocol/requests/endTxn.js'
import { type Answer, codeOf } from './Answer.js'

/** EndTxn, version 1: see `MemoryTransactions` for what is answered to an end that comes again, too late, or of a fenced producer. */
export const endTxn: Answer<EndTxnRequest, EndTxnResponse> = {
  api: endTxnApi,
  about: ({ transactionalId }) => ({ transactionalId }),
  respond: (cluster, { transactionalId, producerId, producerEpoch: epoch, committed }) => ({
    throttleTimeMs: 0,
    errorCode: codeOf(() =>
      cluster.endTransaction({ transactionalId, producerId, epoch }, committed ? 'commit' : 'abort'),
    ),
  }),
}
