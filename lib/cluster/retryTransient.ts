import { defer, type Observable, retry, tap, throwError } from 'rxjs'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import { isTransient } from '../client/isTransient.js'
import { duration } from '../standstill/words.js'
import type { Cluster } from './Cluster.js'
import { exponentialBackoff } from './exponentialBackoff.js'

/**
 * Tries until it succeeds, fails for good, or `request.timeout.ms` is used up; then errors with the last error, which says
 * by `retriable` that the same call may succeed later. What is refused for long is told; what cannot be reached, its connection tells.
 *
 * @param attempt one try: emits one value, or errors
 * @param isWorthAWait by default all that may pass
 */
export const retryTransient = <T>(
  cluster: Cluster,
  attempt: () => Observable<T>,
  isWorthAWait: (error: KafkaError) => boolean = isTransient,
): Observable<T> =>
  defer(() => {
    const { config, troubles, now } = cluster
    const { refusals } = troubles
    const deadline = now() + config.requestTimeoutMs
    let refused: string | undefined
    return defer(attempt).pipe(
      tap(() => {
        if (refused !== undefined) refusals.over(refused, (ms) => `${refused} has succeeded, after ${duration(ms)}.`)
      }),
      retry({
        delay: (error: unknown, count) => {
          const waitMs = exponentialBackoff(config, count, cluster.random())
          if (!isKafkaError(error) || !isWorthAWait(error) || cluster.isClosed || now() + waitMs > deadline)
            return throwError(() => error)
          if (error._tag !== 'Connection') {
            refused = error.api ?? 'What was asked'
            refusals.meet(refused, (ms) => stillRefused(error, ms, config.requestTimeoutMs))
          }
          return cluster.pause(waitMs)
        },
      }),
    )
  })

const stillRefused = ({ message }: KafkaError, ms: number, budgetMs: number): string =>
  `${message} It has failed for ${duration(ms)}; it is tried again for up to ${duration(budgetMs)} (request.timeout.ms).`
