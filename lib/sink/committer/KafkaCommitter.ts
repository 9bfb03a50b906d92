import { catchError, map, type Observable, of, retry, type SchedulerLike, throwError, timer } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import { isKafkaError, KafkaError } from '../../client/KafkaError.js'
import type { Logger } from '../../client/KafkaConfig.js'
import type { CommitLostPolicy } from '../KafkaSinkConfig.js'
import type { SinkEvent } from '../SinkEvent.js'
import type { KafkaCommittable } from './KafkaCommittable.js'

/** How commits go on under trouble. Times in ms. */
export interface KafkaCommitterOptions {
  readonly lostPolicy: CommitLostPolicy
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
 * transaction that is lost from one that was committed before.
 */
export class KafkaCommitter {
  constructor(private readonly options: KafkaCommitterOptions) {}

  /** `endTxn$` is the live producer's commit, or that of a resumed one. Emits `committed` or, by policy, `lost`. */
  commit(committable: KafkaCommittable, endTxn$: Observable<void>, recovered: boolean): Observable<SinkEvent> {
    const { checkpointId, transactionalId, records } = committable
    const facts = { checkpointId, transactionalId, records }
    return endTxn$.pipe(
      this.retrying(committable),
      map((): SinkEvent => ({ kind: 'committed', recovered, ...facts })),
      catchError((error: unknown) => {
        if (!isLost(error)) return throwError(() => error)
        const lost = lostTransaction(committable, error)
        if (this.options.lostPolicy === 'fail') return throwError(() => lost)
        this.options.logger?.warn(lost.message, facts)
        return of<SinkEvent>({ kind: 'lost', reason: error.message, ...facts })
      }),
    )
  }

  private retrying<T>(committable: KafkaCommittable) {
    const { scheduler, budgetMs, firstBackoffMs, maxBackoffMs, logger } = this.options
    const deadline = scheduler.now() + budgetMs
    return retry<T>({
      delay: (error: unknown, count: number) => {
        if (!isKafkaError(error) || !isTransient(error) || scheduler.now() >= deadline) return throwError(() => error)
        const backoff = Math.min(firstBackoffMs * 2 ** (count - 1), maxBackoffMs)
        logger?.debug(`commit of ${committable.transactionalId} is tried again in ${backoff} ms: ${error.message}`)
        return timer(backoff, scheduler)
      },
    })
  }
}

const isLost = (error: unknown): error is KafkaError =>
  isKafkaError(error) && (error._tag === 'TransactionLost' || error._tag === 'Fenced')

const lostTransaction = (committable: KafkaCommittable, cause: KafkaError): KafkaError =>
  new KafkaError({
    _tag: 'TransactionLost',
    message:
      `${committable.records} records of checkpoint ${committable.checkpointId} are lost: transaction ` +
      `${committable.transactionalId} can no longer be committed (${cause.message}) ` +
      `Either it expired while the job was down (raise transaction.timeout.ms above the longest outage), or another job uses the ` +
      `same transactional id prefix. To go on without these records, set setCommitLostPolicy('warn').`,
    retriable: false,
    fatal: true,
    transactionalId: committable.transactionalId,
    cause,
  })
