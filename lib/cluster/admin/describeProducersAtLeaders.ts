import { defer, map, type Observable } from 'rxjs'
import type { ActiveProducer, ActiveProducersByPartition } from '../../client/ActiveProducer.js'
import { type TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import { type DescribedProducer, describeProducersApi } from '../../protocol/requests/describeProducers.js'
import type { Cluster } from '../Cluster.js'
import { askLeaders } from './askLeaders.js'

/** Who writes to these partitions, as their leaders know it. */
export const describeProducersAtLeaders = (
  cluster: Cluster,
  topicPartitions: readonly TopicPartition[],
): Observable<ActiveProducersByPartition> =>
  defer(() => {
    const found = new Map<string, readonly ActiveProducer[]>()
    return askLeaders(
      cluster,
      describeProducersApi,
      topicPartitions.map(({ topic, partition }) => ({ topic, partition })),
      (partitions) => ({ partitions }),
      (answer) => {
        found.set(topicPartitionKey(answer), answer.producers.map(toActiveProducer))
        return true
      },
    ).pipe(map(() => found))
  })

const toActiveProducer = (producer: DescribedProducer): ActiveProducer => ({
  producerId: producer.producerId,
  epoch: producer.producerEpoch,
  lastSequence: producer.lastSequence,
  lastTimestamp: producer.lastTimestampMs,
  coordinatorEpoch: producer.coordinatorEpoch < 0 ? undefined : producer.coordinatorEpoch,
  transactionStartOffset: producer.currentTxnStartOffset < 0 ? undefined : producer.currentTxnStartOffset,
})
