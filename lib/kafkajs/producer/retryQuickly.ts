import { asyncScheduler } from 'rxjs'
import { exponentialBackoff } from '../exponentialBackoff.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerConnections } from './ProducerConnections.js'

/**
 * Tries until it succeeds, fails for good, or the time is used up; then rejects with the last error.
 *
 * The first waits are short: what answers CONCURRENT_TRANSACTIONS is done within milliseconds as a rule, and a checkpoint
 * waits for it.
 */
export const retryQuickly = async <T>(
  { config, isClosed }: Pick<ProducerConnections, 'config' | 'isClosed'>,
  timeoutMs: number,
  attempt: () => Promise<T>,
): Promise<T> => {
  const scheduler = config.scheduler ?? asyncScheduler
  const deadline = scheduler.now() + timeoutMs
  for (let retry = 1; ; retry++) {
    try {
      return await attempt()
    } catch (cause) {
      const error = toKafkaError(cause)
      const waitMs = exponentialBackoff(
        { ...config, retryBackoffMs: Math.min(firstBackoffMs, config.retryBackoffMs) },
        retry,
      )
      if (!error.retriable || isClosed || scheduler.now() + waitMs > deadline) throw error
      await new Promise<void>((resolve) => scheduler.schedule(() => resolve(), waitMs))
    }
  }
}

const firstBackoffMs = 20
