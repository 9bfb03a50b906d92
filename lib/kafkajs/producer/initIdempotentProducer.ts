import { KafkaError } from '../../client/KafkaError.js'
import { initProducerIdApi } from '../../protocol/requests/initProducerId.js'
import type { ProducerConnections } from './ProducerConnections.js'
import type { ProducerIdentity } from './ProducerIdentity.js'
import { retryQuickly } from './retryQuickly.js'

/** A producer id without transactions; any broker gives one. */
export const initIdempotentProducer = (
  connections: ProducerConnections,
  timeoutMs: number,
): Promise<ProducerIdentity> => {
  let turn = Math.floor(Math.random() * connections.metadata.brokers.size)
  return retryQuickly(connections, timeoutMs, async () => {
    const nodeIds = [...connections.metadata.brokers.keys()]
    const nodeId = nodeIds[turn++ % nodeIds.length]
    if (nodeId === undefined) throw noBrokers()
    const { errorCode, producerId, producerEpoch } = await connections.send(nodeId, 'control', initProducerIdApi, {
      transactionalId: null,
      transactionTimeoutMs: 0,
    })
    if (errorCode !== 0) throw connections.brokerError(errorCode, { api: initProducerIdApi.apiName })
    return { producerId, epoch: producerEpoch, transactional: false }
  })
}

const noBrokers = (): KafkaError =>
  new KafkaError({ _tag: 'Connection', retriable: true, message: 'No broker of the cluster is known now.' })
