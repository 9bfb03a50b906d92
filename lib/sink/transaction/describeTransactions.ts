import type { Observable } from 'rxjs'
import type { TransactionDescription } from '../../client/TransactionDescription.js'
import { askPatiently } from './askPatiently.js'
import type { SinkTransactions } from './SinkTransactions.js'

/** What the coordinators know of transactional ids. */
export const describeTransactions = (
  sink: SinkTransactions,
  transactionalIds: readonly string[],
): Observable<ReadonlyMap<string, TransactionDescription>> =>
  askPatiently(sink, 'transactions are described', sink.client.admin.describeTransactions(transactionalIds))
