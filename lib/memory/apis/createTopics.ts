import type { CreateTopicsRequest } from '../../protocol/requests/createTopics.js'
import { createTopicsApi } from '../../protocol/requests/createTopics.js'
import type { TopicResults } from '../../protocol/requests/topicResults.js'
import { type Answer, codeOf } from './Answer.js'

/** CreateTopics, version 3. Each topic is made or refused by itself: TOPIC_ALREADY_EXISTS (36), INVALID_TOPIC_EXCEPTION (17), INVALID_PARTITIONS (37). */
export const createTopics: Answer<CreateTopicsRequest, TopicResults> = {
  api: createTopicsApi,
  respond: (cluster, { topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ topic, partitions, config }) => ({
      topic,
      errorCode: codeOf(() => cluster.createTopic(topic, partitions, config)),
      errorMessage: null,
    })),
  }),
}
