import { isTransient } from '../client/isTransient.js'
import type { KafkaError } from '../client/KafkaError.js'
import { exponentialBackoff } from './exponentialBackoff.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * Tries until it succeeds, fails for good, or `request.timeout.ms` is used up; then rejects with the last error, which says
 * by `retriable` that the same call may succeed later.
 *
 * @param isWorthAWait by default all that may pass
 */
export const retryTransient = async <T>(
  connections: KafkaJsConnections,
  attempt: () => Promise<T>,
  isWorthAWait: (error: KafkaError) => boolean = isTransient,
): Promise<T> => {
  const deadline = performance.now() + connections.config.requestTimeoutMs
  for (let retry = 1; ; retry++) {
    try {
      return await attempt()
    } catch (cause) {
      const error = toKafkaError(cause)
      const waitMs = exponentialBackoff(connections.config, retry)
      if (!isWorthAWait(error) || connections.isClosed || performance.now() + waitMs > deadline) throw error
      await connections.pause(waitMs)
    }
  }
}
