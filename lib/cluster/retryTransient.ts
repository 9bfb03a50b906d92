import { concatMap, defer, type Observable, retry, tap, throwError } from 'rxjs'
import type { KafkaConfig } from '../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../client/KafkaError.js'
import { isTransient } from '../client/isTransient.js'
import type { MonotonicClock } from '../scheduling/monotonicClock.js'
import { duration } from '../standstill/words.js'
import type { ClientTroubles } from './ClientTroubles.js'
import { exponentialBackoff } from './exponentialBackoff.js'

/** What retries need of a `Cluster`. */
export interface RetryingClient {
  readonly config: Pick<KafkaConfig, 'requestTimeoutMs' | 'retryBackoffMs' | 'retryBackoffMaxMs'>
  readonly troubles: Pick<ClientTroubles, 'refusals'>
  readonly isClosed: boolean
  readonly now: MonotonicClock
  random(): number
  pause(ms: number): Observable<unknown>
}

export interface RetryOptions {
  /** by default all that may pass */
  readonly isWorthAWait?: (error: KafkaError) => boolean
  /** ms after which no more is tried; default: `request.timeout.ms` */
  readonly budgetMs?: number
  /** ms before the first retry; default and at most: `retry.backoff.ms` */
  readonly firstBackoffMs?: number
  /** asked before each further try, besides whether the client is closed; default: never */
  readonly isOver?: () => boolean
}

/**
 * Tries until it succeeds, fails for good, or the time is used up; then errors with the last error, which says
 * by `retriable` that the same call may succeed later. What is refused for long is told; what cannot be reached, its connection tells.
 *
 * @param attempt one try: emits one value, or errors
 */
export const retryTransient = <T>(
  client: RetryingClient,
  attempt: () => Observable<T>,
  { isWorthAWait = isTransient, budgetMs, firstBackoffMs = Infinity, isOver = () => false }: RetryOptions = {},
): Observable<T> =>
  defer(() => {
    const { config, now } = client
    const { refusals } = client.troubles
    const { requestTimeoutMs, retryBackoffMs, retryBackoffMaxMs } = config
    const backoff = { retryBackoffMs: Math.min(firstBackoffMs, retryBackoffMs), retryBackoffMaxMs }
    const deadline = now() + (budgetMs ?? requestTimeoutMs)
    const limit = budgetMs === undefined ? `${duration(requestTimeoutMs)} (request.timeout.ms)` : duration(budgetMs)
    const ended = (): boolean => client.isClosed || isOver()
    let refused: string | undefined
    return defer(attempt).pipe(
      tap(() => {
        if (refused !== undefined) refusals.over(refused, (ms) => `${refused} has succeeded, after ${duration(ms)}.`)
      }),
      retry({
        delay: (error: unknown, count) => {
          const waitMs = exponentialBackoff(backoff, count, client.random())
          if (!isKafkaError(error) || !isWorthAWait(error) || ended() || now() + waitMs > deadline)
            return throwError(() => error)
          if (error._tag !== 'Connection') {
            refused = nameOf(error)
            refusals.meet(
              refused,
              (ms) => `${error.message} It has failed for ${duration(ms)}; it is tried again for up to ${limit}.`,
            )
          }
          return client.pause(waitMs).pipe(concatMap(() => (ended() ? throwError(() => error) : [undefined])))
        },
      }),
    )
  })

/** Each transaction for itself: that one is done says nothing of another. */
const nameOf = ({ api = 'What was asked', transactionalId }: KafkaError): string =>
  transactionalId === undefined ? api : `${api} for transactional.id "${transactionalId}"`
