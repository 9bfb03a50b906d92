import { catchError, concatMap, defer, map, type Observable, of, throwError } from 'rxjs'
import { isTransient } from '../../client/isTransient.js'
import { isKafkaError, type KafkaError } from '../../client/KafkaError.js'
import { TopicPartition } from '../../client/TopicPartition.js'
import { type TransactionDescription, transactionStateNamed } from '../../client/TransactionDescription.js'
import { type DescribedTransaction, describeTransactionsApi } from '../../protocol/requests/describeTransactions.js'
import { allOf } from '../../scheduling/allOf.js'
import type { Cluster } from '../Cluster.js'
import { noAnswer } from '../noAnswer.js'
import { retryTransient } from '../retryTransient.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'

/**
 * What coordinators know of transactional ids, one request per coordinator. Ids whose coordinator moved or is lost are asked
 * about again, alone; the others keep their answer. Ids that are not known are left out.
 */
export const describeTransactionsAtCoordinators = (
  cluster: Cluster,
  transactionalIds: readonly string[],
): Observable<ReadonlyMap<string, TransactionDescription>> =>
  defer(() => {
    const found = new Map<string, TransactionDescription>()
    const open = new Set(transactionalIds)

    /** Takes the answers; emits what else came of it. */
    const ask = (nodeId: number, ids: readonly string[]): Observable<readonly KafkaError[]> =>
      cluster.send(nodeId, 'control', describeTransactionsApi, { transactionalIds: ids }).pipe(
        map(({ transactions }) => {
          const errors = transactions.flatMap((transaction) => {
            const { transactionalId, errorCode } = transaction
            if (!open.has(transactionalId)) return []
            if (errorCode !== 0 && errorCode !== ErrorCodes.TRANSACTIONAL_ID_NOT_FOUND) {
              cluster.coordinators.forget('transaction', transactionalId)
              return [cluster.brokerError(errorCode, { api: describeTransactionsApi.apiName, transactionalId })]
            }
            if (errorCode === 0) found.set(transactionalId, describe(transaction))
            open.delete(transactionalId)
            return []
          })
          const unanswered = ids.filter((id) => open.has(id))
          return errors.length > 0
            ? errors
            : unanswered.map((transactionalId) =>
                noAnswer(`Broker ${nodeId}`, {
                  ...{
                    api: describeTransactionsApi.apiName,
                    what: `transactional.id "${transactionalId}"`,
                    transactionalId,
                  },
                }),
              )
        }),
        catchError((error: unknown) => {
          if (!isKafkaError(error)) return throwError(() => error)
          ids.forEach((id) => cluster.coordinators.forget('transaction', id))
          return of([error])
        }),
      )

    return retryTransient(cluster, () =>
      byCoordinator(cluster, [...open]).pipe(
        concatMap((coordinators) => allOf([...coordinators].map(([nodeId, ids]) => ask(nodeId, ids)))),
        map((answers) => {
          const errors = answers.flat()
          const failure = errors.find((error) => !isTransient(error)) ?? errors[0]
          if (failure !== undefined) throw failure
          return found
        }),
      ),
    )
  })

const byCoordinator = (
  cluster: Cluster,
  transactionalIds: readonly string[],
): Observable<ReadonlyMap<number, readonly string[]>> =>
  cluster.coordinators.ofAll('transaction', transactionalIds).pipe(
    map((located) => {
      const byNode = new Map<number, string[]>()
      for (const [id, nodeId] of located) {
        const same = byNode.get(nodeId)
        if (same === undefined) byNode.set(nodeId, [id])
        else same.push(id)
      }
      return byNode
    }),
  )

const describe = (answer: DescribedTransaction): TransactionDescription => ({
  transactionalId: answer.transactionalId,
  state: transactionStateNamed(answer.state),
  producerId: answer.producerId,
  epoch: answer.producerEpoch,
  timeoutMs: answer.timeoutMs,
  // Before 4.0, brokers keep the start of the last transaction when the id is initialised again.
  startTime: answer.startTimeMs < 0 || answer.state === 'Empty' ? undefined : answer.startTimeMs,
  partitions: answer.partitions.map(({ topic, partition }) => new TopicPartition(topic, partition)),
})
