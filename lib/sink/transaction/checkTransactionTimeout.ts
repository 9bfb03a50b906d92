import { KafkaError } from '../../client/KafkaError.js'
import type { CheckpointingInfo } from '../../stream/Restored.js'

/** What the start of an exactly-once sink has to say about `transaction.timeout.ms`. */
export interface TransactionTimeoutVerdict {
  readonly error?: KafkaError
  readonly warning?: string
}

/**
 * Checks `transaction.timeout.ms` against the brokers' maximum (where they would refuse it with a less clear error) and against
 * the checkpoints (which must be able to complete before the broker aborts what they would commit). All in ms.
 */
export const checkTransactionTimeout = (
  timeoutMs: number,
  brokerMaximumMs: number | undefined,
  checkpointing: CheckpointingInfo,
): TransactionTimeoutVerdict => {
  if (brokerMaximumMs !== undefined && timeoutMs > brokerMaximumMs) {
    return {
      error: new KafkaError({
        _tag: 'Config',
        message:
          `transaction.timeout.ms is ${timeoutMs}, above the brokers' transaction.max.timeout.ms of ${brokerMaximumMs}. ` +
          `Lower the former, or raise the latter on the brokers.`,
      }),
    }
  }
  const longest = checkpointing.interval + checkpointing.timeout
  return longest >= timeoutMs
    ? {
        warning:
          `A checkpoint may take ${longest} ms from barrier to barrier (interval ${checkpointing.interval} + timeout ` +
          `${checkpointing.timeout}), but the brokers abort a transaction after transaction.timeout.ms = ${timeoutMs}: a slow ` +
          `checkpoint or an outage would lose records. Raise transaction.timeout.ms or lower the coordinator's timeout.`,
      }
    : {}
}
