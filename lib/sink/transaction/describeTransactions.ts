import type { Observable } from 'rxjs'
import type { TransactionDescription } from '../../client/TransactionDescription.js'
import { retryWithin } from './retryWithin.js'
import type { SinkTransactions } from './SinkTransactions.js'

/**
 * What the coordinators know of transactional ids. A broker that is silent or away for a while is no reason to begin the job again: it
 * is asked again for `transaction.timeout.ms`, after which an open transaction would be dead anyway.
 */
export const describeTransactions = (
  { client, config, scheduler, logger }: SinkTransactions,
  transactionalIds: readonly string[],
): Observable<ReadonlyMap<string, TransactionDescription>> => {
  const { retryBackoffMs: firstBackoffMs, retryBackoffMaxMs: maxBackoffMs } = config.client
  const budget = { budgetMs: config.producer.transactionTimeoutMs, firstBackoffMs, maxBackoffMs, scheduler }
  return client.admin
    .describeTransactions(transactionalIds)
    .pipe(
      retryWithin(budget, ({ message }, pauseMs) =>
        logger?.debug(`transactions are described again in ${pauseMs} ms: ${message}`),
      ),
    )
}
