import type { CreatePartitionsRequest } from '../../protocol/requests/createPartitions.js'
import { createPartitionsApi } from '../../protocol/requests/createPartitions.js'
import type { TopicResults } from '../../protocol/requests/topicResults.js'
import { type Answer, codeOf } from './Answer.js'

/** CreatePartitions, version 1: `total` partitions in all. Fewer than there are, or as many, is INVALID_PARTITIONS (37). */
export const createPartitions: Answer<CreatePartitionsRequest, TopicResults> = {
  api: createPartitionsApi,
  about: ({ topics }) => (topics.length === 1 ? { topic: topics[0]!.topic } : {}),
  respond: (cluster, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ topic, total }) => ({
      topic,
      errorCode: codeOf(() => cluster.createPartitions(topic, total)),
      errorMessage: null,
    })),
  }),
}
