import { topicPartitionKey } from '../../client/TopicPartition.js'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/requests/offsetFetch.js'
import { offsetFetchApi } from '../../protocol/requests/offsetFetch.js'
import type { Answer } from './Answer.js'

/** OffsetFetch, version 5. -1 where nothing is committed, also for partitions that do not exist. */
export const offsetFetch: Answer<OffsetFetchRequest, OffsetFetchResponse> = {
  api: offsetFetchApi,
  about: ({ groupId }) => ({ groupId }),
  respond: (cluster, { groupId, partitions }) => {
    const committed = cluster.committedOffsets(groupId)
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      partitions: partitions.map(({ topic, partition }) => {
        const offset = committed.get(topicPartitionKey({ topic, partition })) ?? -1
        return { topic, partition, offset, leaderEpoch: -1, metadata: '', errorCode: 0 }
      }),
    }
  },
}
