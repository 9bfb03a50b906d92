import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'
import { readTopicResults, type TopicResults } from './topicResults.js'

export interface DeleteTopicsRequest {
  readonly topics: readonly string[]
  readonly timeoutMs: number
}

/**
 * DeleteTopics Request (Version: 3) => [topic_names] timeout_ms
 *   topic_names => STRING
 *   timeout_ms => INT32
 */
export const encodeDeleteTopicsRequest = ({ topics, timeoutMs }: DeleteTopicsRequest): Buffer =>
  new ByteWriter()
    .writeArray(topics, (writer, topic) => writer.writeString(topic))
    .writeInt32(timeoutMs)
    .toBuffer()

/**
 * DeleteTopics Response (Version: 3) => throttle_time_ms [responses]
 *   throttle_time_ms => INT32
 *   responses => name error_code
 *     name => STRING
 *     error_code => INT16
 */
export const decodeDeleteTopicsResponse = (body: Buffer): TopicResults =>
  readTopicResults(new ByteReader(body, 'DeleteTopics response'), () => null)

export const deleteTopicsApi: KafkaApi<DeleteTopicsRequest, TopicResults> = {
  apiKey: 20,
  apiVersion: 3,
  apiName: 'DeleteTopics',
  encode: encodeDeleteTopicsRequest,
  decode: decodeDeleteTopicsResponse,
}
