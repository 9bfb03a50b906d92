import { TopicPartition, topicPartitionKey } from '../../client/TopicPartition.js'
import type { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/requests/offsetCommit.js'
import { offsetCommitApi } from '../../protocol/requests/offsetCommit.js'
import { aboutPartitions, type Answer } from './Answer.js'

/** OffsetCommit, version 7. Each partition is taken or refused by itself; one that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3). */
export const offsetCommit: Answer<OffsetCommitRequest, OffsetCommitResponse> = {
  api: offsetCommitApi,
  about: ({ groupId, partitions }) => ({ groupId, ...aboutPartitions(partitions) }),
  respond: (cluster, { groupId, partitions }) => {
    const refused = cluster.commitOffsets(
      groupId,
      partitions.map(({ topic, partition, offset }) => [new TopicPartition(topic, partition), offset]),
    )
    return {
      throttleTimeMs: 0,
      partitions: partitions.map(({ topic, partition }) => {
        const errorCode = refused.get(topicPartitionKey({ topic, partition }))?.code ?? 0
        return { topic, partition, errorCode }
      }),
    }
  },
}
