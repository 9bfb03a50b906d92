import { TopicPartition } from '../../client/TopicPartition.js'
import type { DescribeProducersRequest, DescribeProducersResponse } from '../../protocol/requests/describeProducers.js'
import { describeProducersApi } from '../../protocol/requests/describeProducers.js'
import { aboutPartitions, type Answer, found } from './Answer.js'

/** DescribeProducers, version 0 (KIP-664): who writes to a partition, as its leader knows it. */
export const describeProducers: Answer<DescribeProducersRequest, DescribeProducersResponse> = {
  api: describeProducersApi,
  about: ({ partitions }) => aboutPartitions(partitions),
  respond: (cluster, { partitions }, { broker }) => ({
    throttleTimeMs: 0,
    partitions: partitions.map(({ topic, partition }) => {
      const at = new TopicPartition(topic, partition)
      const log = found(() => cluster.log(describeProducersApi.apiName, at, broker.nodeId))
      const producers = 'value' in log ? log.value.activeProducers() : []
      return {
        topic,
        partition,
        errorCode: log.errorCode,
        errorMessage: null,
        producers: producers.map((producer) => ({
          producerId: producer.producerId,
          producerEpoch: producer.epoch,
          lastSequence: producer.lastSequence,
          lastTimestampMs: producer.lastTimestamp,
          coordinatorEpoch: producer.coordinatorEpoch ?? -1,
          currentTxnStartOffset: producer.transactionStartOffset ?? -1,
        })),
      }
    }),
  }),
}
