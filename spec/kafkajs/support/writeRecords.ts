import { from, lastValueFrom } from 'rxjs'
import type { TopicPartition } from '../../../lib/client/TopicPartition.js'
import type { ClusterByPromises } from './ClusterByPromises.js'
import { retryTransient } from '../../../lib/cluster/retryTransient.js'
import { brokerError } from '../../../lib/protocol/brokerError.js'
import { encodeRecordBatch } from '../../../lib/protocol/encodeRecordBatch.js'
import { produceApi } from '../../../lib/protocol/requests/produce.js'

/** Writes one batch to one partition, by the request alone: these specs shall not lean on the producer. */
export const writeRecords = async (
  connections: ClusterByPromises,
  topicPartition: TopicPartition,
  values: readonly string[],
): Promise<void> =>
  lastValueFrom(retryTransient(connections.cluster, () => from(writeOnce(connections, topicPartition, values))))

const writeOnce = async (
  connections: ClusterByPromises,
  { topic, partition }: TopicPartition,
  values: readonly string[],
): Promise<void> => {
  await connections.refreshMetadata([topic])
  const leader = connections.leaderOf(topic, partition)
  if (leader === undefined) throw brokerError(5, { api: 'Produce', topic, partition })
  const records = encodeRecordBatch({ records: values.map((value) => ({ value })) })
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    partitions: [{ topic, partition, records }],
  } as const
  const { partitions } = await connections.send(leader.nodeId, 'produce', produceApi, request)
  const errorCode = partitions[0]?.errorCode ?? 0
  if (errorCode !== 0) throw brokerError(errorCode, { api: 'Produce', topic, partition })
}
