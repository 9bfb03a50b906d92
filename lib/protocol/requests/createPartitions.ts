import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import type { KafkaApi } from './KafkaApi.js'
import { readTopicResults, type TopicResults } from './topicResults.js'

export interface CreatePartitionsRequest {
  readonly topics: readonly { readonly topic: string; readonly total: number }[]
  readonly timeoutMs: number
}

/**
 * CreatePartitions Request (Version: 1) => [topics] timeout_ms validate_only
 *   topics => name count [assignments]
 *     name => STRING
 *     count => INT32                 partitions in all
 *     assignments => [broker_ids]    null: the broker assigns them
 *   timeout_ms => INT32
 *   validate_only => BOOLEAN
 */
export const encodeCreatePartitionsRequest = ({ topics, timeoutMs }: CreatePartitionsRequest): Buffer =>
  new ByteWriter()
    .writeArray(topics, (writer, { topic, total }) => writer.writeString(topic).writeInt32(total).writeInt32(-1))
    .writeInt32(timeoutMs)
    .writeBoolean(false)
    .toBuffer()

/**
 * CreatePartitions Response (Version: 1) => throttle_time_ms [results]
 *   throttle_time_ms => INT32
 *   results => name error_code error_message
 *     name => STRING
 *     error_code => INT16
 *     error_message => NULLABLE_STRING
 */
export const decodeCreatePartitionsResponse = (body: Buffer): TopicResults =>
  readTopicResults(new ByteReader(body, 'CreatePartitions response'), (reader) => reader.readNullableString())

export const createPartitionsApi: KafkaApi<CreatePartitionsRequest, TopicResults> = {
  apiKey: 37,
  apiVersion: 1,
  apiName: 'CreatePartitions',
  encode: encodeCreatePartitionsRequest,
  decode: decodeCreatePartitionsResponse,
}
