import type { Observable } from 'rxjs'
import { retryWithin } from './retryWithin.js'
import type { SinkTransactions } from './SinkTransactions.js'

/**
 * A question to the brokers that a sink does not do without. Where they are silent or away for a while, that is no reason to begin the job
 * again: it is asked again for `transaction.timeout.ms`, after which an open transaction would be dead anyway.
 *
 * @param what is done, for the log: `transactions are described`
 */
export const askPatiently = <T>(
  { config, scheduler, logger }: SinkTransactions,
  what: string,
  question$: Observable<T>,
): Observable<T> => {
  const { retryBackoffMs: firstBackoffMs, retryBackoffMaxMs: maxBackoffMs } = config.client
  const budget = { budgetMs: config.producer.transactionTimeoutMs, firstBackoffMs, maxBackoffMs, scheduler }
  return question$.pipe(
    retryWithin(budget, ({ message }, pauseMs) => logger?.debug(`${what} again in ${pauseMs} ms: ${message}`)),
  )
}
