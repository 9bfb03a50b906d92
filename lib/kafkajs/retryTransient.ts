import { isTransient } from '../client/isTransient.js'
import type { KafkaError } from '../client/KafkaError.js'
import { duration } from '../standstill/words.js'
import { exponentialBackoff } from './exponentialBackoff.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * Tries until it succeeds, fails for good, or `request.timeout.ms` is used up; then rejects with the last error, which says
 * by `retriable` that the same call may succeed later. What is refused for long is told; what cannot be reached, its connection tells.
 *
 * @param isWorthAWait by default all that may pass
 */
export const retryTransient = async <T>(
  connections: KafkaJsConnections,
  attempt: () => Promise<T>,
  isWorthAWait: (error: KafkaError) => boolean = isTransient,
): Promise<T> => {
  const { config } = connections
  const { refusals } = connections.troubles
  const deadline = performance.now() + config.requestTimeoutMs
  let refused: string | undefined
  for (let retry = 1; ; retry++) {
    try {
      const answer = await attempt()
      if (refused !== undefined) refusals.over(refused, (ms) => `${refused} has succeeded, after ${duration(ms)}.`)
      return answer
    } catch (cause) {
      const error = toKafkaError(cause)
      const waitMs = exponentialBackoff(config, retry)
      if (!isWorthAWait(error) || connections.isClosed || performance.now() + waitMs > deadline) throw error
      if (error._tag !== 'Connection') {
        refused = error.api ?? 'What was asked'
        refusals.meet(refused, (ms) => stillRefused(error, ms, config.requestTimeoutMs))
      }
      await connections.pause(waitMs)
    }
  }
}

const stillRefused = ({ message }: KafkaError, ms: number, budgetMs: number): string =>
  `${message} It has failed for ${duration(ms)}; it is tried again for up to ${duration(budgetMs)} (request.timeout.ms).`
