import { asyncScheduler } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import type { KafkaError } from '../../client/KafkaError.js'
import { monotonicClock } from '../../scheduling/monotonicClock.js'
import { duration } from '../../standstill/words.js'
import { exponentialBackoff } from '../../cluster/exponentialBackoff.js'
import { toKafkaError } from '../toKafkaError.js'
import type { ProducerConnections } from './ProducerConnections.js'

/**
 * Tries until it succeeds, fails for good, or the time is used up; then rejects with the last error.
 *
 * The first waits are short: what answers CONCURRENT_TRANSACTIONS is done within milliseconds as a rule, and a checkpoint
 * waits for it.
 *
 * @param stopped asked before each further try, besides whether the client is closed
 */
export const retryQuickly = async <T>(
  connections: Pick<ProducerConnections, 'config' | 'isClosed' | 'troubles'>,
  timeoutMs: number,
  attempt: () => Promise<T>,
  stopped: () => boolean = () => false,
): Promise<T> => {
  const { config } = connections
  const { refusals } = connections.troubles
  const scheduler = config.scheduler ?? asyncScheduler
  const now = monotonicClock(scheduler)
  const deadline = now() + timeoutMs
  let refused: string | undefined
  for (let retry = 1; ; retry++) {
    try {
      const answer = await attempt()
      if (refused !== undefined) refusals.over(refused, (ms) => `${refused} has succeeded, after ${duration(ms)}.`)
      return answer
    } catch (cause) {
      const error = toKafkaError(cause)
      const waitMs = exponentialBackoff(
        { ...config, retryBackoffMs: Math.min(firstBackoffMs, config.retryBackoffMs) },
        retry,
      )
      const ended = (): boolean => connections.isClosed || stopped()
      if (!isTransient(error) || ended() || now() + waitMs > deadline) throw error
      if (error._tag !== 'Connection') {
        refused = nameOf(error)
        refusals.meet(
          refused,
          (ms) =>
            `${error.message} It has failed for ${duration(ms)}; it is tried again for up to ${duration(timeoutMs)}.`,
        )
      }
      await new Promise<void>((resolve) => scheduler.schedule(() => resolve(), waitMs))
      if (ended()) throw error
    }
  }
}

const firstBackoffMs = 20

/** Each transaction for itself: that one is done says nothing of another. */
const nameOf = ({ api = 'What was asked', transactionalId }: KafkaError): string =>
  transactionalId === undefined ? api : `${api} for transactional.id "${transactionalId}"`
