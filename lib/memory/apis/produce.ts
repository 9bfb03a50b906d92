import { TopicPartition } from '../../client/TopicPartition.js'
import { ErrorCodes } from '../../protocol/errorCodes.js'
import type {
  ProducedPartition,
  ProducePartition,
  ProduceRequest,
  ProduceResponse,
} from '../../protocol/requests/produce.js'
import { produceApi } from '../../protocol/requests/produce.js'
import { ReceivedBatch } from '../ReceivedBatch.js'
import type { MemoryCluster } from '../MemoryCluster.js'
import { aboutPartitions, type Answer, found } from './Answer.js'

/**
 * Produce, version 8, each partition for itself. Refused: a partition that is not there (UNKNOWN_TOPIC_OR_PARTITION, 3) or has another leader or
 * none now (NOT_LEADER_OR_FOLLOWER, 6); a batch above `max.message.bytes` (MESSAGE_TOO_LARGE, 10); a gap in the sequence
 * (OUT_OF_ORDER_SEQUENCE_NUMBER, 45); an older epoch (INVALID_PRODUCER_EPOCH, 47); a partition that was not added to an open transaction
 * (INVALID_TXN_STATE, 48). A batch that is in the log already is answered with its offset. The checksum is not looked at.
 */
export const produce: Answer<ProduceRequest, ProduceResponse> = {
  api: produceApi,
  about: ({ transactionalId, partitions }) => ({
    ...(transactionalId === null ? {} : { transactionalId }),
    ...aboutPartitions(partitions),
  }),
  parts: {
    of: (request) => request.partitions.map((partition) => ({ ...request, partitions: [partition] })),
    join: (responses) => ({ throttleTimeMs: 0, partitions: responses.flatMap(({ partitions }) => partitions) }),
  },
  refused: ({ partitions }, errorCode) => ({
    throttleTimeMs: 0,
    partitions: partitions.map(({ topic, partition }) => produced(topic, partition, errorCode)),
  }),
  respond: (cluster, { transactionalId, partitions }, { broker }) => ({
    throttleTimeMs: 0,
    partitions: partitions.map((partition) => write(cluster, transactionalId, partition, broker.nodeId)),
  }),
}

const write = (
  cluster: MemoryCluster,
  transactionalId: string | null,
  { topic, partition, records }: ProducePartition,
  at: number,
): ProducedPartition => {
  const topicPartition = new TopicPartition(topic, partition)
  const batch = new ReceivedBatch(records)
  if (batch.size > cluster.maxMessageBytes(topic)) return produced(topic, partition, ErrorCodes.MESSAGE_TOO_LARGE)
  const written = found(() =>
    transactionalId === null || batch.writer === null
      ? cluster.produce(topicPartition, batch, batch.writer, at)
      : cluster.produceInTransaction({ transactionalId, ...batch.writer }, topicPartition, batch, batch.writer, at),
  )
  return produced(topic, partition, written.errorCode, 'value' in written ? written.value : -1)
}

const produced = (topic: string, partition: number, errorCode: number, baseOffset = -1): ProducedPartition => ({
  ...{ topic, partition, errorCode, baseOffset },
  ...{ logAppendTimeMs: -1, logStartOffset: 0, recordErrors: [], errorMessage: null },
})
