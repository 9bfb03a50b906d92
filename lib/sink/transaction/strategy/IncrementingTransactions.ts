import { KafkaError } from '../../../client/KafkaError.js'
import type { PreparedTransaction } from '../../../client/KafkaProducer.js'
import type { Step } from '../../../scheduling/coroutine.js'
import type { KafkaWriterState } from '../../writer/KafkaWriterState.js'
import type { SinkTransactions } from '../SinkTransactions.js'
import { endRecordedTransactions } from './endRecordedTransactions.js'
import { FreshIds } from './FreshIds.js'
import type { NumberedState } from './NumberedState.js'
import type { FormerAttempts, TransactionStrategy } from './TransactionStrategy.js'

/**
 * INCREMENTING: each transaction has an id of its own. What an attempt may have opened is recorded, and the next one ends it by these
 * records (Flink probes: it initialises ids upward until one was never used).
 */
export class IncrementingTransactions implements TransactionStrategy {
  private readonly ids: FreshIds

  constructor(private readonly sink: SinkTransactions) {
    this.ids = new FreshIds(sink)
  }

  *endFormer(attempts: FormerAttempts): Generator<Step, readonly string[]> {
    refuseOtherStrategies(attempts)
    this.ids.begin(attempts)
    return yield* endRecordedTransactions(this.sink, attempts)
  }

  next(): Generator<Step, string> {
    return this.ids.take()
  }

  /** No id comes twice, so a late InitProducerId harms nobody. */
  leave(id: string): void {
    this.ids.drop(id)
  }

  ended(ids: readonly string[]): void {
    this.ids.drop(...ids)
    this.ids.release()
  }

  markOf({ transactionalId }: PreparedTransaction): string {
    return transactionalId
  }

  snapshot(prepared: readonly string[]): NumberedState {
    return { strategy: 'INCREMENTING', lastNumber: this.ids.lastNumberWith(prepared) }
  }
}

const refuseOtherStrategies = ({ states, recorded }: FormerAttempts): void => {
  for (const state of [...states, ...recorded.flatMap((one) => one.states)])
    if (state.naming.strategy !== 'INCREMENTING') throw switchedBack(state)
}

/** It begins with Flink's message. */
const switchedBack = ({ transactionalIdPrefix, subtaskIndex, checkpointId, naming }: KafkaWriterState): KafkaError =>
  new KafkaError({
    _tag: 'Config',
    message:
      'Attempted to switch the transaction naming strategy back to INCREMENTING which may result in data loss. The transactions of prefix ' +
      `"${transactionalIdPrefix}" (subtask ${subtaskIndex}) in checkpoint ${checkpointId} were named by ${naming.strategy}, and INCREMENTING ends ` +
      `only what is recorded, not what brokers list as open. Set setTransactionNamingStrategy(TransactionNamingStrategy.${naming.strategy}) as before.`,
    retriable: false,
    fatal: true,
  })
