import type { DeleteTopicsRequest } from '../../protocol/requests/deleteTopics.js'
import { deleteTopicsApi } from '../../protocol/requests/deleteTopics.js'
import type { TopicResults } from '../../protocol/requests/topicResults.js'
import { type Answer, codeOf } from './Answer.js'

/** DeleteTopics, version 3. Committed offsets of its partitions go with a topic; one that does not exist is UNKNOWN_TOPIC_OR_PARTITION (3). */
export const deleteTopics: Answer<DeleteTopicsRequest, TopicResults> = {
  api: deleteTopicsApi,
  respond: (cluster, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map((topic) => ({
      topic,
      errorCode: codeOf(() => cluster.deleteTopic(topic)),
      errorMessage: null,
    })),
  }),
}
