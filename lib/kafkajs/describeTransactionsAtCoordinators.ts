import { isTransient } from '../client/isTransient.js'
import type { KafkaError } from '../client/KafkaError.js'
import { TopicPartition } from '../client/TopicPartition.js'
import { type TransactionDescription, transactionStateNamed } from '../client/TransactionDescription.js'
import { type DescribedTransaction, describeTransactionsApi } from '../protocol/requests/describeTransactions.js'
import type { KafkaJsConnections } from './KafkaJsConnections.js'
import { retryTransient } from './retryTransient.js'
import { toKafkaError } from './toKafkaError.js'

/**
 * What coordinators know of transactional ids, one request per coordinator. Ids whose coordinator moved or is lost are asked
 * about again, alone; the others keep their answer. Ids that are not known are left out.
 */
export const describeTransactionsAtCoordinators = async (
  connections: KafkaJsConnections,
  transactionalIds: readonly string[],
): Promise<ReadonlyMap<string, TransactionDescription>> => {
  const found = new Map<string, TransactionDescription>()
  const open = new Set(transactionalIds)

  /** Takes the answers; returns what else came of it. */
  const ask = async (nodeId: number, ids: readonly string[]): Promise<readonly KafkaError[]> => {
    try {
      const answer = await connections.send(nodeId, 'control', describeTransactionsApi, { transactionalIds: ids })
      return answer.transactions.flatMap((transaction) => {
        const { transactionalId, errorCode } = transaction
        if (errorCode !== 0 && errorCode !== transactionalIdNotFound) {
          connections.forgetCoordinator('transaction', transactionalId)
          return [connections.brokerError(errorCode, { api: describeTransactionsApi.apiName, transactionalId })]
        }
        if (errorCode === 0) found.set(transactionalId, describe(transaction))
        open.delete(transactionalId)
        return []
      })
    } catch (error) {
      ids.forEach((id) => connections.forgetCoordinator('transaction', id))
      return [toKafkaError(error)]
    }
  }

  return retryTransient(connections, async () => {
    const coordinators = await byCoordinator(connections, open)
    const errors = (await Promise.all([...coordinators].map(([nodeId, ids]) => ask(nodeId, ids)))).flat()
    const failure = errors.find((error) => !isTransient(error)) ?? errors[0]
    if (failure !== undefined) throw failure
    return found
  })
}

const transactionalIdNotFound = 105

const byCoordinator = async (
  connections: KafkaJsConnections,
  transactionalIds: Iterable<string>,
): Promise<ReadonlyMap<number, readonly string[]>> => {
  const located = await Promise.all(
    [...transactionalIds].map(async (id) => [await connections.coordinator('transaction', id), id] as const),
  )
  const byNode = new Map<number, string[]>()
  for (const [nodeId, id] of located) {
    const same = byNode.get(nodeId)
    if (same === undefined) byNode.set(nodeId, [id])
    else same.push(id)
  }
  return byNode
}

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
