import type { KafkaSinkConfig } from '../KafkaSinkConfig.js'
import { IncrementingTransactions } from './incrementing/IncrementingTransactions.js'
import type { SinkTransactions } from './SinkTransactions.js'
import type { TransactionNamingStrategy } from './TransactionNamingStrategy.js'
import type { TransactionStrategy } from './TransactionStrategy.js'

type AvailableNamingStrategy = KafkaSinkConfig<unknown>['transactionNamingStrategy']

/** The strategies, by the names that users set: a new one is a file and a line here. */
export const transactionStrategies: Readonly<
  Record<AvailableNamingStrategy, (sink: SinkTransactions) => TransactionStrategy>
> = {
  INCREMENTING: (sink) => new IncrementingTransactions(sink),
}

export const isAvailable = (name: TransactionNamingStrategy): name is AvailableNamingStrategy =>
  Object.hasOwn(transactionStrategies, name)
