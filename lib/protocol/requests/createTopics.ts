import type { NewTopic } from '../../client/KafkaAdmin.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'
import { readTopicResults, type TopicResults } from './topicResults.js'

export interface CreateTopicsRequest {
  readonly topics: readonly NewTopic[]
  readonly timeoutMs: number
}

/**
 * CreateTopics Request (Version: 3) => [topics] timeout_ms validate_only
 *   topics => name num_partitions replication_factor [assignments] [configs]
 *     name => STRING
 *     num_partitions => INT32
 *     replication_factor => INT16         -1: the broker's default (KIP-464, brokers from 2.4)
 *     assignments => partition_index [broker_ids]
 *     configs => name value
 *       name => STRING
 *       value => NULLABLE_STRING
 *   timeout_ms => INT32
 *   validate_only => BOOLEAN
 */
export const encodeCreateTopicsRequest = ({ topics, timeoutMs }: CreateTopicsRequest): Buffer =>
  new ByteWriter()
    .writeArray(topics, (writer, { topic, partitions, replicationFactor = -1, config = {} }) =>
      writer
        .writeString(topic)
        .writeInt32(partitions)
        .writeInt16(replicationFactor)
        .writeArray([], () => undefined)
        .writeArray(Object.entries(config), (_, [name, value]) => writer.writeString(name).writeNullableString(value)),
    )
    .writeInt32(timeoutMs)
    .writeBoolean(false)
    .toBuffer()

/**
 * CreateTopics Response (Version: 3) => throttle_time_ms [topics]
 *   throttle_time_ms => INT32
 *   topics => name error_code error_message
 *     name => STRING
 *     error_code => INT16
 *     error_message => NULLABLE_STRING
 */
export const decodeCreateTopicsResponse = (body: Buffer): TopicResults =>
  readTopicResults(new ByteReader(body, 'CreateTopics response'), (reader) => reader.readNullableString())

export const createTopicsApi: KafkaApi<CreateTopicsRequest, TopicResults> = {
  apiKey: 19,
  apiVersion: 3,
  apiName: 'CreateTopics',
  encode: encodeCreateTopicsRequest,
  decode: decodeCreateTopicsResponse,
}
