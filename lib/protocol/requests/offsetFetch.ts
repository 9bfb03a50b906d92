import type { Offset } from '../../client/Offset.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface OffsetFetchRequest {
  readonly groupId: string
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  /** -1: nothing committed */
  readonly offset: Offset
  readonly leaderEpoch: number
  readonly metadata: string | null
  readonly errorCode: number
}

export interface OffsetFetchResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly CommittedOffset[]
  /** for the group as a whole */
  readonly errorCode: number
}

/**
 * OffsetFetch Request (Version: 5) => group_id [topics]
 *   group_id => STRING
 *   topics => name [partition_indexes]
 *     name => STRING
 *     partition_indexes => INT32
 */
export const encodeOffsetFetchRequest = ({ groupId, partitions }: OffsetFetchRequest): Buffer => {
  const writer = new ByteWriter().writeString(groupId)
  return writeByTopic(writer, partitions, (_, { partition }) => writer.writeInt32(partition)).toBuffer()
}

/**
 * OffsetFetch Response (Version: 5) => throttle_time_ms [topics] error_code
 *   throttle_time_ms => INT32
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => partition_index committed_offset committed_leader_epoch metadata error_code
 *       partition_index => INT32
 *       committed_offset => INT64
 *       committed_leader_epoch => INT32
 *       metadata => NULLABLE_STRING
 *       error_code => INT16
 *   error_code => INT16
 */
export const decodeOffsetFetchResponse = (body: Buffer): OffsetFetchResponse => {
  const reader = new ByteReader(body, 'OffsetFetch response')
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      offset: reader.readInt64(),
      leaderEpoch: reader.readInt32(),
      metadata: reader.readNullableString(),
      errorCode: reader.readInt16(),
    })),
    errorCode: reader.readInt16(),
  }
}

export const offsetFetchApi: KafkaApi<OffsetFetchRequest, OffsetFetchResponse> = {
  apiKey: 9,
  apiVersion: 5,
  apiName: 'OffsetFetch',
  encode: encodeOffsetFetchRequest,
  decode: decodeOffsetFetchResponse,
}
