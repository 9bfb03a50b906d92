import { catchError, defer, type Observable, throwError } from 'rxjs'
import type { Logger } from '../../client/KafkaConfig.js'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { type RetryBudget, retryWithin } from '../transaction/retryWithin.js'
import { deadTransaction } from './commitErrors.js'
import type { KafkaCommittable } from './KafkaCommittable.js'

/** How commits go on under trouble. */
export interface KafkaCommitterOptions extends RetryBudget {
  readonly logger: Logger | undefined
  /** A commit is tried again. */
  readonly retried?: (() => void) | undefined
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
    const { logger, retried } = this.options
    return defer(endTxn).pipe(
      catchError((error: unknown) => throwError(() => (isDead(error) ? deadTransaction(committable, error) : error))),
      retryWithin(this.options, ({ message }, pauseMs) => {
        retried?.()
        logger?.debug(`commit of ${committable.transactionalId} is tried again in ${pauseMs} ms: ${message}`)
      }),
    )
  }
}

const isDead = (error: unknown): error is KafkaError =>
  isKafkaError(error) && (error._tag === 'TransactionLost' || error._tag === 'Fenced')
