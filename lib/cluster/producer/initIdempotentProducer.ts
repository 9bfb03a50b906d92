import { map, type Observable, throwError } from 'rxjs'
import { KafkaError } from '../../client/KafkaError.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import { retryTransient } from '../retryTransient.js'
import type { ProducerCluster } from './ProducerCluster.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { QUICK_BACKOFF_MS } from './TransactionCoordinator.js'

/** A producer id without transactions; any broker gives one. */
export const initIdempotentProducer = (cluster: ProducerCluster, budgetMs: number): Observable<ProducerIdentity> => {
  let turn = Math.floor(cluster.random() * cluster.metadata.brokers.size)
  const attempt = (): Observable<ProducerIdentity> => {
    const nodeIds = [...cluster.metadata.brokers.keys()]
    const nodeId = nodeIds[turn++ % nodeIds.length]
    if (nodeId === undefined) return throwError(noBrokers)
    return cluster.send(nodeId, 'control', initProducerIdApi, { transactionalId: null, transactionTimeoutMs: 0 }).pipe(
      map(({ errorCode, producerId, producerEpoch }) => {
        if (errorCode !== 0) throw cluster.brokerError(errorCode, { api: initProducerIdApi.apiName })
        return { producerId, epoch: producerEpoch, transactional: false }
      }),
    )
  }
  return retryTransient(cluster, attempt, { budgetMs, firstBackoffMs: QUICK_BACKOFF_MS })
}

const noBrokers = (): KafkaError =>
  new KafkaError({ _tag: 'Connection', retriable: true, message: 'No broker of the cluster is known now.' })
