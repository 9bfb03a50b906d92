import { topicPartitionKey } from '../../client/TopicPartition.js'
import type { FetchResponse, NamedPartitionResponse } from '../../protocol/requests/fetch.js'
import type { PartitionFetch } from './PartitionFetch.js'

/** By the key of each partition, whether it was asked for by the id of its topic or by its name. */
export const answersByPartition = (
  asked: ReadonlyMap<string, PartitionFetch>,
  { partitions }: FetchResponse,
): ReadonlyMap<string, NamedPartitionResponse> => {
  const names = new Map<string | undefined, string>()
  for (const { topicId, topicPartition } of asked.values()) names.set(topicId, topicPartition.topic)
  const answers = new Map<string, NamedPartitionResponse>()
  for (const answer of partitions) {
    const topic = answer.topic ?? names.get(answer.topicId)
    if (topic === undefined) continue
    answers.set(topicPartitionKey({ topic, partition: answer.partition }), { ...answer, topic })
  }
  return answers
}
