import type { Offset } from '../../client/Offset.js'
import { ByteReader } from '../ByteReader.js'
import { ByteWriter } from '../ByteWriter.js'
import { readByTopic, writeByTopic } from './byTopic.js'
import type { KafkaApi } from './KafkaApi.js'

export interface OffsetCommitPartition {
  readonly topic: string
  readonly partition: number
  /** of the next record to read */
  readonly offset: Offset
  /** of the last record read; -1, the default, when unknown */
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | null | undefined
}

/** Commits for a group without members: no generation, no member id. */
export interface OffsetCommitRequest {
  readonly groupId: string
  readonly partitions: readonly OffsetCommitPartition[]
}

export interface OffsetCommitResponse {
  readonly throttleTimeMs: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly errorCode: number }[]
}

/**
 * OffsetCommit Request (Version: 7) => group_id generation_id_or_member_epoch member_id group_instance_id [topics]
 *   group_id => STRING
 *   generation_id_or_member_epoch => INT32
 *   member_id => STRING
 *   group_instance_id => NULLABLE_STRING
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => partition_index committed_offset committed_leader_epoch committed_metadata
 *       partition_index => INT32
 *       committed_offset => INT64
 *       committed_leader_epoch => INT32
 *       committed_metadata => NULLABLE_STRING
 */
export const encodeOffsetCommitRequest = ({ groupId, partitions }: OffsetCommitRequest): Buffer => {
  const writer = new ByteWriter()
    .writeString(groupId)
    .writeInt32(NO_GENERATION)
    .writeString(noMember)
    .writeNullableString(null)
  return writeByTopic(writer, partitions, (_, { partition, offset, leaderEpoch, metadata }) => {
    writer
      .writeInt32(partition)
      .writeInt64(offset)
      .writeInt32(leaderEpoch ?? -1)
      .writeNullableString(metadata ?? null)
  }).toBuffer()
}

const NO_GENERATION = -1
const noMember = ''

/**
 * OffsetCommit Response (Version: 7) => throttle_time_ms [topics]
 *   throttle_time_ms => INT32
 *   topics => name [partitions]
 *     name => STRING
 *     partitions => partition_index error_code
 *       partition_index => INT32
 *       error_code => INT16
 */
export const decodeOffsetCommitResponse = (body: Buffer): OffsetCommitResponse => {
  const reader = new ByteReader(body, 'OffsetCommit response')
  return {
    throttleTimeMs: reader.readInt32(),
    partitions: readByTopic(reader, (_, topic) => ({
      topic,
      partition: reader.readInt32(),
      errorCode: reader.readInt16(),
    })),
  }
}

export const offsetCommitApi: KafkaApi<OffsetCommitRequest, OffsetCommitResponse> = {
  apiKey: 8,
  apiVersion: 7,
  apiName: 'OffsetCommit',
  encode: encodeOffsetCommitRequest,
  decode: decodeOffsetCommitResponse,
}
