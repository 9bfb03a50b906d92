import { defer, finalize, type Observable, retry, type SchedulerLike, throwError, timer } from 'rxjs'
import type { Logger } from '../../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { isTransient } from '../../client/isTransient.js'
import { Countdown } from '../../scheduling/Countdown.js'
import { deadTransaction } from './commitErrors.js'
import type { KafkaCommittable } from './KafkaCommittable.js'

/** How commits go on under trouble. Times in ms. */
export interface KafkaCommitterOptions {
  /** Retriable errors are retried for so long; then they are the attempt's error, still retriable. */
  readonly budgetMs: number
  readonly firstBackoffMs: number
  readonly maxBackoffMs: number
  readonly scheduler: SchedulerLike
  readonly logger: Logger | undefined
}

/**
 * Commits prepared transactions. Committing is idempotent: the broker answers a second commit of the same transaction with
 * success, so whatever may have happened is tried again.
 *
 * Unlike Flink's committer it retries with back-off, so that brokers may restart one after the other unnoticed, and it tells a
 * transaction that is dead from one that was committed before. What becomes of a dead one, the next attempt decides.
 */
export class KafkaCommitter {
  constructor(private readonly options: KafkaCommitterOptions) {}

  /** `endTxn` is the live producer's commit, or that of a resumed one. Errors with `TransactionLost`, retriable, when it is dead. */
  commit(committable: KafkaCommittable, endTxn: () => Observable<void>): Observable<void> {
    const { scheduler, budgetMs, firstBackoffMs, maxBackoffMs, logger } = this.options
    return defer(() => {
      const budget = new Countdown(scheduler, () => undefined)
      budget.start(budgetMs)
      return defer(endTxn).pipe(
        retry({
          delay: (error: unknown, count: number) => {
            if (isDead(error)) return throwError(() => deadTransaction(committable, error))
            if (!isKafkaError(error) || !isTransient(error) || budget.over) return throwError(() => error)
            const backoff = Math.min(firstBackoffMs * 2 ** (count - 1), maxBackoffMs)
            logger?.debug(`commit of ${committable.transactionalId} is tried again in ${backoff} ms: ${error.message}`)
            return timer(backoff, scheduler)
          },
        }),
        finalize(() => budget.stop()),
      )
    })
  }
}

const isDead = (error: unknown): error is KafkaError =>
  isKafkaError(error) && (error._tag === 'TransactionLost' || error._tag === 'Fenced')
