import type { SinkTransactions } from '../SinkTransactions.js'
import { IncrementingTransactions } from './IncrementingTransactions.js'
import { PoolingTransactions } from './PoolingTransactions.js'
import type { TransactionNamingStrategy } from './TransactionNamingStrategy.js'
import type { TransactionStrategy } from './TransactionStrategy.js'

/** The strategies, by the names that users set: a new one is a file and a line here. */
export const transactionStrategies: Readonly<
  Record<TransactionNamingStrategy, (sink: SinkTransactions) => TransactionStrategy>
> = {
  INCREMENTING: (sink) => new IncrementingTransactions(sink),
  POOLING: (sink) => new PoolingTransactions(sink),
}
