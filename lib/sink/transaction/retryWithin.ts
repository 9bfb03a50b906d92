import { defer, finalize, type MonoTypeOperatorFunction, retry, type SchedulerLike, throwError, timer } from 'rxjs'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { isTransient } from '../../client/isTransient.js'
import { Countdown } from '../../scheduling/Countdown.js'

/** How long something is tried again. Times in ms. */
export interface RetryBudget {
  /** Transient errors are retried for so long; then the last one is the error, still retriable. */
  readonly budgetMs: number
  readonly firstBackoffMs: number
  readonly maxBackoffMs: number
  readonly scheduler: SchedulerLike
}

/**
 * Subscribes again after an error that may pass, with exponential back-off, until the budget is used up.
 *
 * @param beforeRetry hears of each error that is retried, with the pause in ms that comes first
 */
export const retryWithin =
  <T>(
    { budgetMs, firstBackoffMs, maxBackoffMs, scheduler }: RetryBudget,
    beforeRetry: (error: KafkaError, pauseMs: number) => void = () => undefined,
  ): MonoTypeOperatorFunction<T> =>
  (source) =>
    defer(() => {
      const budget = new Countdown(scheduler, () => undefined)
      budget.start(budgetMs)
      return source.pipe(
        retry({
          delay: (error: unknown, count: number) => {
            if (!isKafkaError(error) || !isTransient(error) || budget.over) return throwError(() => error)
            const pauseMs = Math.min(firstBackoffMs * 2 ** (count - 1), maxBackoffMs)
            beforeRetry(error, pauseMs)
            return timer(pauseMs, scheduler)
          },
        }),
        finalize(() => budget.stop()),
      )
    })
