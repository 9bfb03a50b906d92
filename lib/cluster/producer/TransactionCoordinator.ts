import { catchError, concatMap, map, type Observable, throwError } from 'rxjs'
import { isKafkaError, KafkaError } from '../../client/KafkaError.js'
import { addPartitionsToTxnApi } from '../../protocol/requests/addPartitionsToTxn.js'
import { endTxnApi } from '../../protocol/requests/endTxn.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import type { KafkaApi } from '../../protocol/requests/KafkaApi.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import { retryTransient } from '../retryTransient.js'
import type { ProducerCluster } from './ProducerCluster.js'
import type { ProducerIdentity } from './ProducerIdentity.js'

/**
 * ms before the first retry: what answers CONCURRENT_TRANSACTIONS is done within milliseconds as a rule, and a checkpoint waits for it.
 */
export const QUICK_BACKOFF_MS = 20

type Identity = Pick<ProducerIdentity, 'producerId' | 'epoch'>

/**
 * What is asked of the broker that coordinates one transactional id. Every question may be asked again: moves of the
 * coordinator, lost connections and CONCURRENT_TRANSACTIONS are retried within the time given.
 *
 * A producer that is closed asks to begin nothing more: by then a successor may use its id, and a late InitProducerId would
 * abort what the successor has open. Ends are asked for to the end.
 */
export class TransactionCoordinator {
  constructor(
    private readonly cluster: ProducerCluster,
    private readonly transactionalId: string,
    private readonly closed: () => boolean = () => false,
  ) {}

  /**
   * Fences former producers of this id and aborts what they left open.
   *
   * @param budgetMs longer than `request.timeout.ms`: a coordinator that has lost a replica may be silent that long, and it is
   *   asked ahead of need
   */
  init(transactionTimeoutMs: number, budgetMs: number): Observable<ProducerIdentity & { readonly inDoubt: boolean }> {
    const { transactionalId } = this
    const { unansweredInits } = this.cluster
    const request = { transactionalId, transactionTimeoutMs }
    const unanswered = (): void => unansweredInits.add(transactionalId)
    return this.ask(initProducerIdApi, request, (answer) => answer, {
      ...{ unlessClosed: true, budgetMs, unanswered },
    }).pipe(
      map(({ producerId, producerEpoch }) => ({
        ...{ producerId, epoch: producerEpoch, transactional: true, inDoubt: unansweredInits.has(transactionalId) },
      })),
    )
  }

  /** Must be answered before the first batch of a transaction is sent to a partition. */
  addPartitions(
    { producerId, epoch }: Identity,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
    budgetMs: number,
  ): Observable<unknown> {
    const request = { transactionalId: this.transactionalId, producerId, producerEpoch: epoch, partitions }
    return this.ask(addPartitionsToTxnApi, request, (answer) => worstOf(answer.partitions), {
      unlessClosed: true,
      budgetMs,
    })
  }

  /** Commits or aborts. The same end again is success, so a lost answer does no harm. */
  end({ producerId, epoch }: Identity, committed: boolean): Observable<void> {
    const request = { transactionalId: this.transactionalId, producerId, producerEpoch: epoch, committed }
    return this.ask(endTxnApi, request, (answer) => answer).pipe(map(() => undefined))
  }

  private ask<Q, R>(
    api: KafkaApi<Q, R>,
    request: Q,
    verdictOf: (answer: R) => Verdict,
    { budgetMs = this.cluster.config.requestTimeoutMs, unlessClosed = false, unanswered = () => {} } = {},
  ): Observable<R> {
    const { cluster, transactionalId, closed } = this
    const isOver = (): boolean => unlessClosed && closed()
    const send = (nodeId: number): Observable<R> => {
      let sent = false
      const onSent = (): void => {
        sent = true
      }
      return cluster.send(nodeId, 'control', api, request, { onSent }).pipe(
        map((answer) => {
          const { errorCode, topic, partition } = verdictOf(answer)
          if (errorCode === 0) return answer
          throw cluster.brokerError(errorCode, { api: api.apiName, transactionalId, topic, partition })
        }),
        catchError((error: unknown) => {
          if (sent && !(isKafkaError(error) && error.code !== undefined)) unanswered()
          if (!isAboutTransaction(error)) cluster.coordinators.forget('transaction', transactionalId)
          return throwError(() => error)
        }),
      )
    }
    const attempt = (): Observable<R> =>
      cluster.coordinators
        .of('transaction', transactionalId)
        .pipe(concatMap((nodeId) => (isOver() ? throwError(() => producerClosed(transactionalId)) : send(nodeId))))
    return retryTransient(cluster, attempt, { budgetMs, firstBackoffMs: QUICK_BACKOFF_MS, isOver }).pipe(
      catchError((error: unknown) => throwError(() => (isOver() ? producerClosed(transactionalId) : error))),
    )
  }
}

const producerClosed = (transactionalId: string): KafkaError =>
  new KafkaError({
    _tag: 'IllegalState',
    transactionalId,
    message: `The producer of transactional.id "${transactionalId}" was closed before the broker could be asked. Make a new producer.`,
  })

/** What the broker said of a request, and of which partition if it was about one. */
interface Verdict {
  readonly errorCode: number
  readonly topic?: string
  readonly partition?: number
}

/** One partition that is refused makes the broker skip the others, so what says more than "skipped" counts. */
const worstOf = (partitions: readonly Verdict[]): Verdict => {
  const refused = partitions.filter(({ errorCode }) => errorCode !== 0)
  return (
    refused.find(({ errorCode }) => errorCode !== ErrorCodes.OPERATION_NOT_ATTEMPTED) ?? refused[0] ?? { errorCode: 0 }
  )
}

const isAboutTransaction = (error: unknown): boolean =>
  error instanceof KafkaError && error.code === ErrorCodes.CONCURRENT_TRANSACTIONS
